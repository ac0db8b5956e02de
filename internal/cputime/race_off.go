//go:build !race

package cputime

const underRace = false
