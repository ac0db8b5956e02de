module github.com/bindgate/bindgate/bench

go 1.26.0

require github.com/bindgate/bindgate v0.0.0

replace github.com/bindgate/bindgate => ../
