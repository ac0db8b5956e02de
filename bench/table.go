package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// figure is one row of the table; measured is a median.
type figure struct {
	name, target, measured, note string
	missed                       bool
	runs                         int
}

func printTable(w io.Writer, figures []figure) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "figure\ttarget\tmedian\t\truns\tdetails")
	for _, f := range figures {
		verdict := "met"
		switch {
		case f.missed:
			verdict = "MISSED"
		case f.target == "":
			verdict, f.target = "", "-"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%s\n", f.name, f.target, f.measured, verdict, f.runs, f.note)
	}
	return t.Flush()
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func megabytes(n int64) string { return fmt.Sprintf("%d MB", n/1_000_000) }
