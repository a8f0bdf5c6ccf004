package jobs

import (
	"testing"
	"time"

	"github.com/riverqueue/river/rivertype"
)

func TestWaitsDoubleUpToTheLongest(t *testing.T) {
	for _, c := range []struct {
		attempt int
		want    time.Duration
	}{
		{-1, time.Second},
		{0, time.Second},
		{1, time.Second},
		{2, 2 * time.Second},
		{9, 256 * time.Second},
		{10, 5 * time.Minute},
		{11, 5 * time.Minute},
		{1 << 30, 5 * time.Minute},
	} {
		if got := backoff(c.attempt, 0.5); got != c.want {
			t.Errorf("after attempt %d: %s, want %s", c.attempt, got, c.want)
		}
		low, high := backoff(c.attempt, 0), backoff(c.attempt, 0.999999)
		if low < c.want*79/100 || low > c.want*81/100 || high < c.want*119/100 || high > c.want*121/100 {
			t.Errorf("after attempt %d: from %s to %s", c.attempt, low, high)
		}
	}
}

func TestWhatTheProviderAskedForIsTheLeast(t *testing.T) {
	for _, c := range []struct {
		asked, low, high time.Duration
	}{
		{0, 800 * time.Millisecond, 1200 * time.Millisecond},
		{-time.Hour, 800 * time.Millisecond, 1200 * time.Millisecond},
		{time.Hour, time.Hour, time.Hour},
		{1<<63 - 1, longestAsked, longestAsked}, // must not overflow into the past
	} {
		if got := nextWait(1, c.asked); got < c.low || got > c.high {
			t.Errorf("asked %s: waits %s", c.asked, got)
		}
	}
}

func TestAttemptsOutlastADay(t *testing.T) {
	var total time.Duration
	for attempt := 1; attempt < maxAttempts; attempt++ {
		total += backoff(attempt, 0)
	}
	if total < 24*time.Hour {
		t.Errorf("the last attempt may come after %s", total)
	}
}

func TestUnreadableJobsWaitToo(t *testing.T) {
	if wait := time.Until((retryPolicy{}).NextRetry(&rivertype.JobRow{Attempt: maxAttempts - 1})); wait > 7*time.Minute || wait < 3*time.Minute {
		t.Errorf("waits %s", wait)
	}
}
