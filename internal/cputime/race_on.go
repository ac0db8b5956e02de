//go:build race

package cputime

const underRace = true
