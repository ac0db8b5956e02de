module github.com/bindgate/bindgate/bench

go 1.26.0

require github.com/bindgate/bindgate v0.0.0

require (
	github.com/agnivade/levenshtein v1.2.1 // indirect
	github.com/miekg/dns v1.1.73 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.43.0 // indirect
	golang.org/x/time v0.16.0 // indirect
)

replace github.com/bindgate/bindgate => ../
