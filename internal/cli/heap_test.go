package cli

import _ "github.com/bindgate/bindgate/internal/heap" // collects garbage as rarely as the program does
