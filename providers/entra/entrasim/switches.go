package entrasim

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

// Switches change how events travel and what Graph puts up with. The zero
// value is a good day without any delay.
type Switches struct {
	AuditDelay       Duration `json:"auditDelay"`       // at most so long until a record is visible; each draws its own
	AuditDelayFixed  bool     `json:"auditDelayFixed"`  // exactly so long, for every record
	AuditUnlimited   bool     `json:"auditUnlimited"`   // no 429 on auditLogs
	RetryAfter       bool     `json:"retryAfter"`       // 429 on auditLogs says how long to wait
	NotifyDelay      Duration `json:"notifyDelay"`      // added to every batch of notifications
	NotifyDuplicates int      `json:"notifyDuplicates"` // further copies of every notification
	NotifyReorder    bool     `json:"notifyReorder"`    // the items of a notification are reversed
	NotifyDrop       int      `json:"notifyDrop"`       // the next n batches are lost; -1: all
	RoleLag          Duration `json:"roleLag"`          // from a granted role request to the active assignment
	WithoutPIM       bool     `json:"withoutPIM"`       // the tenant has no licence for Privileged Identity Management
}

// Switch changes the switches.
func (s *Sim) Switch(change func(*Switches)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.switches)
}

// SwitchesNow returns the switches as they are.
func (s *Sim) SwitchesNow() Switches {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.switches
}
