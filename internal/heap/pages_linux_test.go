package heap

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestHugePages reads what the kernel says of the piece of the heap that was advised.
func TestHugePages(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		t.Skipf("this kernel has no huge pages: %v", err)
	}
	page, err := useHugePages()
	if flags := flagsOf(t, page); !strings.Contains(flags+" ", " hg ") {
		t.Errorf("flags of the heap: got %q, want hg among them (useHugePages: %v)", flags, err)
	}
}

// flagsOf returns the flags of the mapping that holds an address, as in
// /proc/PID/smaps, proc_pid_smaps(5).
func flagsOf(t *testing.T, address uintptr) string {
	t.Helper()
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, within := bufio.NewScanner(f), false
	for lines.Scan() {
		var from, to uintptr
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x ", &from, &to); err == nil {
			within = from <= address && address < to
		}
		if flags, is := strings.CutPrefix(lines.Text(), "VmFlags:"); is && within {
			return flags
		}
	}
	t.Fatalf("no mapping holds %#x: %v", address, lines.Err())
	return ""
}
