package memo

import (
	"context"
	"errors"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A caller that gives up does not make the others fail.
func TestInterruptionIsNotShared(t *testing.T) {
	var m Memo[string, int]
	ctx, cancel := context.WithCancel(t.Context())
	asking := make(chan struct{})
	var first, second sync.WaitGroup
	first.Go(func() {
		_, err := m.Get(ctx, "k", func(ctx context.Context, _ string) (int, error) {
			close(asking)
			<-ctx.Done()
			return 0, ctx.Err()
		})
		if err == nil {
			t.Error("the interrupted one got an answer")
		}
	})
	<-asking
	second.Go(func() {
		got, err := m.Get(t.Context(), "k", func(context.Context, string) (int, error) { return 7, nil })
		if got != 7 || err != nil {
			t.Errorf("got %d, %v", got, err)
		}
	})
	impatient, stop := context.WithCancel(t.Context())
	stop()
	if _, err := m.Get(impatient, "k", nil); err == nil {
		t.Error("waiting with an ended context: got no error")
	}
	cancel()
	first.Wait()
	second.Wait()
}

func TestPanicReleasesWaiters(t *testing.T) {
	var m Memo[string, int]
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		m.Get(t.Context(), "k", func(context.Context, string) (int, error) { panic("broken") })
	}()
	if got, err := m.Get(t.Context(), "k", func(context.Context, string) (int, error) { return 1, nil }); got != 1 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
}

// Two callers that need each other's result do not wait for each other.
func TestAloneNeverWaits(t *testing.T) {
	var m Memo[string, int]
	got, err := m.Get(t.Context(), "a", func(ctx context.Context, _ string) (int, error) {
		return m.GetWithoutWaiting(ctx, "a", func(context.Context, string) (int, error) { return 3, nil })
	})
	if got != 3 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
	if got, err := m.GetWithoutWaiting(t.Context(), "a", nil); got != 3 || err != nil {
		t.Errorf("what is there: got %d, %v", got, err)
	}
}

// An error of one caller is not returned to the others.
func TestOwnErrorsAreNotCached(t *testing.T) {
	spent := errors.New("spent")
	m := Memo[string, int]{Transient: func(err error) bool { return errors.Is(err, spent) }}
	if _, err := m.Get(t.Context(), "k", func(context.Context, string) (int, error) { return 0, spent }); !errors.Is(err, spent) {
		t.Errorf("got %v", err)
	}
	if got, err := m.Get(t.Context(), "k", func(context.Context, string) (int, error) { return 5, nil }); got != 5 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
	broken := errors.New("broken")
	if _, err := m.Get(t.Context(), "l", func(context.Context, string) (int, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := m.Get(t.Context(), "l", nil); !errors.Is(err, broken) {
		t.Errorf("other errors are kept: got %v", err)
	}
}

func TestCutShortIsComputedAgain(t *testing.T) {
	m := Memo[string, int]{Transient: Interrupted}
	for _, end := range []error{context.DeadlineExceeded, context.Canceled} {
		if _, err := m.Get(t.Context(), "k", func(context.Context, string) (int, error) { return 0, end }); !errors.Is(err, end) {
			t.Errorf("got %v", err)
		}
	}
	if got, err := m.Get(t.Context(), "k", func(context.Context, string) (int, error) { return 9, nil }); got != 9 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
}

// A bounded memo keeps keys that are used repeatedly, and drops the rest.
func TestBound(t *testing.T) {
	m := Memo[int, int]{Limit: 8}
	asked := map[int]int{}
	for i := range 100 {
		for _, key := range []int{0, i} {
			got, err := m.Get(t.Context(), key, func(_ context.Context, key int) (int, error) { asked[key]++; return key, nil })
			if got != key || err != nil {
				t.Fatalf("got %d, %v", got, err)
			}
		}
		if n := len(m.entries) + len(m.older); n > 8 {
			t.Fatalf("after %d keys: got %d outcomes, want at most 8", i, n)
		}
	}
	if asked[0] != 1 || len(asked) != 100 {
		t.Errorf("got %d questions for the key in use, %d keys; want 1 and 100", asked[0], len(asked))
	}
	if _, err := m.Get(t.Context(), 1, func(context.Context, int) (int, error) { asked[1]++; return 1, nil }); err != nil || asked[1] != 2 {
		t.Errorf("got %d questions for a dropped key, want 2", asked[1])
	}
}

// Known never waits, and an error is no value.
func TestKnown(t *testing.T) {
	refused := errors.New("refused")
	m := Memo[string, int]{Transient: func(err error) bool { return errors.Is(err, refused) }, Limit: 2}
	ask := func(err error) func(context.Context, string) (int, error) {
		return func(context.Context, string) (int, error) {
			if _, ok := m.Known("k"); ok {
				t.Error("a result is reported before there is one")
			}
			return 1, err
		}
	}
	for _, err := range []error{refused, nil} {
		if _, ok := m.Known("k"); ok {
			t.Error("a result is reported without a request for it")
		}
		_, got := m.Get(t.Context(), "k", ask(err))
		if value, ok := m.Known("k"); !errors.Is(got, err) || ok != (err == nil) || ok != (value == 1) {
			t.Errorf("%v: got %v, known %d %v", err, got, value, ok)
		}
	}
}
