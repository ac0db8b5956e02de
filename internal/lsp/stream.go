package lsp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// maxMessage limits a message of the client, in bytes. A document of maxJudged bytes fits,
// even if JSON escapes each of them in six.
const maxMessage = 64 << 20

// stream is the base protocol: messages with a header that contains their length. Text
// that is no message is answered with an error and does not end the connection, as far as
// its length is known.
type stream struct {
	in    *bufio.Reader
	out   io.Writer
	close func() error
	mu    sync.Mutex // of out
}

func newStream(in io.Reader, out io.Writer) *stream {
	s := &stream{in: bufio.NewReader(in), out: out, close: func() error { return nil }}
	if c, ok := in.(io.Closer); ok {
		s.close = c.Close
	}
	return s
}

// Close closes the input, so that a waiting read ends.
func (s *stream) Close() error { return s.close() }

// WriteObject writes one message.
func (s *stream) WriteObject(v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("writing a message: %w", err)
	}
	message := append(fmt.Appendf(nil, "Content-Length: %d\r\n\r\n", len(body)), body...)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err = s.out.Write(message)
	return err
}

// ReadObject reads the next message into v.
func (s *stream) ReadObject(v any) error {
	for {
		body, err := s.next()
		if err != nil {
			return err
		}
		if decode(body, v) == nil {
			return nil
		}
		reflect.ValueOf(v).Elem().SetZero()
		if err := s.WriteObject(json.RawMessage(notAMessage)); err != nil {
			return err
		}
	}
}

// decode reads a message into v. A v that reads JSON itself checks the text too, so that
// json.Unmarshal would go through a large one twice more.
func decode(body []byte, v any) error {
	if m, ok := v.(json.Unmarshaler); ok {
		return m.UnmarshalJSON(bytes.Trim(body, " \t\r\n"))
	}
	return json.Unmarshal(body, v)
}

const notAMessage = `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"reading a message: got text that is no JSON-RPC message"}}`

// next returns the body of the next message.
func (s *stream) next() ([]byte, error) {
	length := -1
	for headers := 0; ; headers++ {
		line, err := s.in.ReadSlice('\n')
		if errors.Is(err, io.EOF) && (headers > 0 || len(line) > 0) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		name, value, ok := strings.Cut(strings.TrimSpace(string(line)), ":")
		switch {
		case name == "" && !ok && length >= 0:
			var body bytes.Buffer
			if _, err := io.CopyN(&body, s.in, int64(length)); err != nil {
				return nil, io.ErrUnexpectedEOF
			}
			return body.Bytes(), nil
		case !ok || headers > 16:
			return nil, errors.New("reading a message: got a header without Content-Length, want the base protocol of LSP")
		case strings.EqualFold(name, "Content-Length"):
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil || length < 0 || length > maxMessage {
				return nil, fmt.Errorf("reading a message: got a length that is none, want 0 to %d bytes", maxMessage)
			}
		}
	}
}
