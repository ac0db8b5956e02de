// Package browser tests the HTML report in a real browser. It is a separate
// module, so that bindgate itself needs no browser library.
package browser
