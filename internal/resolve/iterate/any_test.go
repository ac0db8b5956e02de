package iterate

import (
	"fmt"
	"slices"
	"testing"
)

func TestOrderIsTheQuestionsOwn(t *testing.T) {
	first := map[int]int{}
	for i := range 400 {
		name := fmt.Sprintf("n%d.demo.com", i)
		got := order("demo.com", name, 4)
		if !slices.Equal(got, order("demo.com", name, 4)) {
			t.Fatalf("%s: another order the second time", name)
		}
		first[got[0]]++
	}
	for server := range 4 {
		if first[server] < 50 {
			t.Errorf("server %d is asked first for %d of 400 names", server, first[server])
		}
	}
}
