package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/countersign/countersign/providers/entra/entrasim"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// act is one story of a play: which platform it happens at, and what its remote
// control would be sent.
type act struct {
	At      string          `json:"at"` // okta or entra
	Story   string          `json:"story"`
	Request json.RawMessage `json:"request"`
}

// most is how long a play may be.
const most = 1 << 20

// apart is how far apart the acts of a play are: as little as the platforms' logs can
// tell.
const apart = 2 * time.Millisecond

// play tells stories of both platforms one right after the other, so that nobody
// else comes in between: whoever attacks does not wait to be noticed. It answers
// with what each story did. The first one that is refused ends the play, and what
// was told before it has happened.
func play(sim *oktasim.Sim, directory *entrasim.Sim) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		acts, err := readPlay(r.Body)
		told := make([]any, 0, len(acts))
		for i, a := range acts {
			time.Sleep(apart)
			one, failed := a.tell(sim, directory)
			if failed != nil {
				err = fmt.Errorf("act %d, %s at %s: %w", i+1, a.Story, a.At, failed)
				break
			}
			told = append(told, one)
		}
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": err.Error()}) // a caller that hung up is none of ours
			return
		}
		_ = json.NewEncoder(w).Encode(told)
	}
}

func readPlay(in io.Reader) (acts []act, err error) {
	if err := strictly(io.LimitReader(in, most), &acts); err != nil {
		return nil, fmt.Errorf("a play is a list of {at, story, request}: %w", err)
	}
	return acts, nil
}

func (a act) tell(sim *oktasim.Sim, directory *entrasim.Sim) (any, error) {
	switch a.At {
	case "okta":
		var q oktasim.StoryRequest
		if err := strictly(bytes.NewReader(a.Request), &q); err != nil {
			return nil, err
		}
		return sim.Tell(a.Story, q)
	case "entra":
		var q entrasim.StoryRequest
		if err := strictly(bytes.NewReader(a.Request), &q); err != nil {
			return nil, err
		}
		return directory.Tell(a.Story, q)
	}
	return nil, errors.New("stories happen at okta or entra")
}

func strictly(in io.Reader, v any) error {
	dec := json.NewDecoder(in)
	dec.DisallowUnknownFields()
	return dec.Decode(v)
}
