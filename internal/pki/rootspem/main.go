// Command rootspem prints Mozilla's roots in PEM, for the container image: the roots that
// are trusted without a condition.
package main

import (
	"bufio"
	"encoding/pem"
	"fmt"
	"os"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			_ = pem.Encode(out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // out keeps the error
		}
	}
	if err := out.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, "writing the roots:", err)
		os.Exit(1)
	}
}
