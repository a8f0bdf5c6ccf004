package oktasim

import (
	"encoding/json"
	"fmt"
	"time"
)

// Duration is a time.Duration that JSON writes as "1.5s".
type Duration time.Duration

// D returns the duration.
func (d Duration) D() time.Duration { return time.Duration(d) }

// MarshalJSON writes the duration as text.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON reads text such as "250ms".
func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("a duration is written as text, such as \"250ms\": %w", err)
	}
	v, err := time.ParseDuration(text)
	if err != nil {
		return err
	}
	*d = Duration(v)
	return nil
}

// Switches change how events travel. The zero value is a good day.
type Switches struct {
	HookDelay           Duration `json:"hookDelay"`           // added to every batch
	HookDuplicates      int      `json:"hookDuplicates"`      // further copies of every envelope
	HookDuplicatesFresh bool     `json:"hookDuplicatesFresh"` // copies get an envelope id of their own
	HookReorder         bool     `json:"hookReorder"`         // every second envelope overtakes the first; batches reversed
	HookDrop            int      `json:"hookDrop"`            // the next n envelopes are lost; -1: all
	LogDelay            Duration `json:"logDelay"`            // events become visible in the log so much later
}

// Switch changes the switches. Turning HookReorder off releases what it held.
func (s *Sim) Switch(change func(*Switches)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.switches)
	if s.switches.HookReorder {
		return
	}
	for _, h := range s.hooks {
		if h.shelf != nil {
			s.dispatch([]*envelope{h.shelf})
			h.shelf = nil
		}
	}
}

// SwitchesNow returns the switches as they are.
func (s *Sim) SwitchesNow() Switches {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.switches
}
