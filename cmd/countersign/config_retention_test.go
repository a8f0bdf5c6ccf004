package main

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/sql/pgstore"
)

// J15: without a word the defaults hold, and a time too short to recognise a
// repetition, or no time at all, does not start.
func TestJ15RetentionOfTheConfiguration(t *testing.T) {
	if got := (&Config{}).retention(); got != pgstore.DefaultRetention() {
		t.Errorf("by default %+v", got)
	}
	c := &Config{Retention: Retention{Bodies: 7, Events: 400, SignIn: 1}}
	if got := c.retention(); got.Bodies.Hours() != 168 || got.Events.Hours() != 9600 || got.SignIn.Hours() != 24 || got.KeepSnapshots != 3 {
		t.Errorf("got %+v", got)
	}
	for want, r := range map[string]Retention{
		"": {}, "91 days": {Events: 90}, "a week": {Bodies: 6}, "shorter time": {Bodies: 101}, "number of days": {SignIn: -1}, "between 1 and": {Events: 1 << 40},
	} {
		var p problems
		(&Config{Retention: r}).checkRetention(&p)
		if (want == "") != (len(p) == 0) || len(p) > 0 && !strings.Contains(p[0].Error(), want) {
			t.Errorf("%+v: %v, want %q", r, p, want)
		}
	}
}
