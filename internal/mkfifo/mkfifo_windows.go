package mkfifo

import "errors"

// At fails: Windows has no FIFOs in folders.
func At(string) error { return errors.ErrUnsupported }
