// Package browser holds the test of the HTML report in a real browser. It is a
// module of its own, so that bindgate itself needs no browser's library.
package browser
