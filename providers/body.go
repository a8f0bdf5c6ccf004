package providers

import (
	"context"
	"errors"
	"io"

	"github.com/countersign/countersign/holds"
)

// boundedBody reads at most so many bytes, keeps the call's deadline running
// until it is closed, and types the errors of reading.
type boundedBody struct {
	body   io.ReadCloser
	left   int64
	cancel context.CancelFunc
	t      *Transport
}

// Read fails once the answer turns out larger than the rules allow.
func (b *boundedBody) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.body.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return 0, holds.Refuse(holds.Unavailable,
			"%s answered with more than %d MiB, which is more than any of its answers should be.", b.t.rules.Name, b.t.rules.MaxBody>>20)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.t.callFailed(err)
	}
	return n, err
}

// Close ends the call.
func (b *boundedBody) Close() error {
	defer b.cancel()
	return b.body.Close()
}
