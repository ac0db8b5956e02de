module github.com/bindgate/bindgate/tools/mutate

go 1.26
