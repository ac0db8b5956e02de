package evidence

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// A field of Evidence that has no row, or a row of another name, would let a
// check that needs it judge nothing.
func TestTableHoldsEveryObservation(t *testing.T) {
	var fields []Need
	for f := range reflect.TypeFor[Evidence]().Fields() {
		if _, ok := reflect.New(f.Type).Interface().(observation); ok {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			fields = append(fields, Need(name))
		}
	}
	if got := Needs(); !slices.Equal(got, fields) {
		t.Errorf("got needs %v, want the observations of Evidence: %v", got, fields)
	}
}

func TestSetReachesTheObservationOfItsName(t *testing.T) {
	for _, need := range Needs() {
		want := Metadata{State: StateFailed, Reason: "no answer", From: "192.0.2.1", At: time.Unix(1, 0).UTC()}
		var e Evidence
		e.Set(want, need)
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[Need]Metadata
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		for _, other := range Needs() {
			if got := fields[other]; other == need && got != want || other != need && got.State != StateMissing {
				t.Errorf("after Set of %s: %s is %+v", need, other, got)
			}
			if got := e.Of(other); got != fields[other] {
				t.Errorf("%s: Of returns %+v, the field holds %+v", other, got, fields[other])
			}
		}
	}
}

func TestSetDropsFacts(t *testing.T) {
	e := Evidence{Group: Observed(Group{Found: true}, "", time.Time{})}
	e.Set(Metadata{State: StateFailed}, NeedGroup)
	if e.Group.Facts.Found {
		t.Error("a failed observation still holds its facts")
	}
}

func TestUnknownNeedIsMissing(t *testing.T) {
	var e Evidence
	e.Set(Metadata{State: StateObserved}, "weather")
	if got := e.Of("weather").State; got != StateMissing {
		t.Errorf("got %q, want missing", got)
	}
}

func TestOfAllocatesNothing(t *testing.T) {
	e := &Evidence{}
	if n := testing.AllocsPerRun(100, func() { e.Of(NeedPolicy) }); n != 0 {
		t.Errorf("got %v allocations, want 0: every check asks for its needs", n)
	}
}
