package intake

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/holds/failpoint"
)

// checkMedia accepts JSON in UTF-8, as it is. It looks at headers only, so a
// compressed body is refused before any of it is read.
func checkMedia(h http.Header) error {
	if len(h.Values("Content-Encoding")) > 0 {
		return gateway.Refuse(gateway.TypeUnsupported, "The body must come as it is, without Content-Encoding.")
	}
	if kinds := h.Values("Content-Type"); len(kinds) != 1 || !isJSON(kinds[0]) {
		return gateway.Refuse(gateway.TypeUnsupported, "The body must be application/json in UTF-8.")
	}
	return nil
}

func isJSON(contentType string) bool {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "application/json" {
		return false
	}
	charset, given := params["charset"]
	if given {
		return len(params) == 1 && strings.EqualFold(charset, "utf-8")
	}
	return len(params) == 0
}

// errTooLarge is the answer to a body above the limit.
func errTooLarge(limit int64) error {
	return gateway.Refuse(gateway.TypeTooLarge, "The body has more than %d bytes.", limit)
}

// readBody reads at most limit bytes. The result is never nil.
//
// A body that breaks off is answered 503: whether the sender, the network or
// our own time limit broke it is not known, and only a 5xx is sent again.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, errTooLarge(limit)
	}
	src := http.MaxBytesReader(w, r.Body, limit)
	body, err := readAll(src, r.ContentLength)
	if err == nil {
		failpoint.Hit(failpoint.IntakeBodyRead)
		return body, nil
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, errTooLarge(limit)
	}
	return nil, again("The body did not arrive whole. Send it again.", err)
}

// readAll takes the announced length at its word for how much memory to ask
// for, and only for that: net/http ends the body there.
func readAll(src io.Reader, length int64) ([]byte, error) {
	if length < 0 {
		return io.ReadAll(src)
	}
	body := make([]byte, length)
	_, err := io.ReadFull(src, body)
	return body, err
}
