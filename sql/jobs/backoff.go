package jobs

import (
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river/rivertype"
)

const (
	firstWait = time.Second
	// longestWait bounds the wait between attempts, before jitter.
	longestWait = 5 * time.Minute
	// longestAsked bounds what a provider may ask us to wait.
	longestAsked = 24 * time.Hour
	// jitter spreads the attempts of jobs that failed together.
	jitter = 0.2
)

// backoff is the wait after the given attempt (from 1) failed: doubling from
// firstWait to longestWait, spread by the jitter. random is in [0, 1).
func backoff(attempt int, random float64) time.Duration {
	wait := longestWait
	if attempt = max(attempt, 1); attempt < 10 { // 2^8 s is the last below the longest
		wait = min(firstWait<<(attempt-1), longestWait)
	}
	return time.Duration(float64(wait) * (1 - jitter + 2*jitter*random))
}

// nextWait is the backoff, but at least what the error asked for.
func nextWait(attempt int, asked time.Duration) time.Duration {
	//nolint:gosec // spreading attempts needs no unpredictable numbers
	return max(backoff(attempt, rand.Float64()), min(asked, longestAsked))
}

// retryPolicy is for jobs whose arguments cannot even be read; all others are
// asked through worker.NextRetry.
type retryPolicy struct{}

// NextRetry is when River may try the job again.
func (retryPolicy) NextRetry(job *rivertype.JobRow) time.Time {
	return time.Now().Add(nextWait(job.Attempt, 0))
}
