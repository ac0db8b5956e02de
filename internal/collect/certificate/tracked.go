package certificate

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// maxIndex limits the size of index files, in bytes.
const maxIndex = 64 << 20

// tracker reports which files are under version control with Git. It reads the
// index and starts no program; an unreadable index tracks nothing.
type tracker struct {
	mu    sync.Mutex
	trees map[string]map[string]bool // working tree → its tracked files
	tops  map[string]string          // folder → its working tree, "" for none; thousands of keys share one
}

func newTracker() *tracker {
	return &tracker{trees: map[string]map[string]bool{}, tops: map[string]string{}}
}

// has reports whether the file at an absolute path is tracked.
func (t *tracker) has(path string) bool {
	top := t.top(filepath.Dir(path))
	if top == "" {
		return false
	}
	name, err := filepath.Rel(top, path)
	return err == nil && t.files(top)[filepath.ToSlash(name)]
}

// top returns the working tree that contains a folder, "" for none.
func (t *tracker) top(dir string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	known, ok := t.tops[dir]
	if !ok {
		known = topOf(dir)
		t.tops[dir] = known
	}
	return known
}

func topOf(dir string) string {
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

func (t *tracker) files(tree string) map[string]bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	known, ok := t.trees[tree]
	if !ok {
		known = parseIndex(readIndex(filepath.Join(tree, ".git")))
		t.trees[tree] = known
	}
	return known
}

// readIndex reads the index of a repository; in linked working trees and
// submodules .git is a file that names the folder.
func readIndex(git string) []byte {
	if text, err := os.ReadFile(git); err == nil {
		folder, ok := strings.CutPrefix(strings.TrimSpace(string(text[:min(len(text), 4096)])), "gitdir: ")
		if !ok {
			return nil
		}
		if !filepath.IsAbs(folder) {
			folder = filepath.Join(filepath.Dir(git), folder)
		}
		git = folder
	}
	index := filepath.Join(git, "index")
	info, err := os.Stat(index)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxIndex {
		return nil
	}
	data, err := os.ReadFile(index)
	if err != nil {
		return nil
	}
	return data
}

// parseIndex returns the paths of a Git index of version 2, 3 or 4
// (gitformat-index): a header of 12 bytes, then entries of 62 bytes, or 64 if a
// flag is set, each followed by its path.
func parseIndex(data []byte) map[string]bool {
	files := map[string]bool{}
	if len(data) < 12 || string(data[:4]) != "DIRC" {
		return files
	}
	version, count := binary.BigEndian.Uint32(data[4:]), binary.BigEndian.Uint32(data[8:])
	rest, previous := data[12:], ""
	for range count {
		if len(rest) < 64 {
			break
		}
		head := 62
		if version >= 3 && rest[60]&0x40 != 0 {
			head = 64
		}
		name, used, ok := entryName(rest[head:], version, previous)
		if !ok {
			break
		}
		files[name], previous = true, name
		size := head + used
		if version < 4 {
			size = (size + 7) &^ 7 // one to eight NULs, up to a multiple of eight
		}
		if size > len(rest) {
			break
		}
		rest = rest[size:]
	}
	return files
}

// entryName reads a path up to its NUL. In version 4 a preceding number is the
// length of the previous path's end to drop first.
func entryName(data []byte, version uint32, previous string) (name string, used int, ok bool) {
	if version == 4 {
		drop := 0
		for i := 0; ; i++ {
			if i >= len(data) || i > 4 {
				return "", 0, false
			}
			drop = drop<<7 | int(data[i]&0x7f)
			if data[i]&0x80 == 0 {
				used = i + 1
				break
			}
			drop++
		}
		if drop > len(previous) {
			return "", 0, false
		}
		name = previous[:len(previous)-drop]
	}
	end := bytes.IndexByte(data[used:], 0)
	if end < 0 || len(name)+end > 4096 {
		return "", 0, false
	}
	return name + string(data[used:used+end]), used + end + 1, true
}
