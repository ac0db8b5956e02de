package certificate

import (
	"fmt"
	"math"
	"time"
)

// span is a duration in the unit that people would say it in.
func span(d time.Duration) string {
	switch {
	case d == math.MaxInt64: // what time.Time.Sub gives for more
		return "more than 292 years"
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d minutes", int(d.Minutes()))
}
