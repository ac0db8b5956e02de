package certificate

import (
	"fmt"
	"math"
	"time"
)

// span formats a duration in its customary unit.
func span(d time.Duration) string {
	switch {
	case d == math.MaxInt64: // the result of time.Time.Sub for anything longer
		return "more than 292 years"
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d minutes", int(d.Minutes()))
}
