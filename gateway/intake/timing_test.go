package intake

import (
	"math"
	"strings"
	"testing"
	"time"
)

// welch is Welch's t of two samples: how far apart their means are, in units of
// what chance alone would do.
func welch(a, b []float64) float64 {
	moments := func(s []float64) (mean, variance float64) {
		for _, v := range s {
			mean += v / float64(len(s))
		}
		for _, v := range s {
			variance += (v - mean) * (v - mean) / float64(len(s)-1)
		}
		return mean, variance
	}
	am, av := moments(a)
	bm, bv := moments(b)
	return (am - bm) / math.Sqrt(av/float64(len(a))+bv/float64(len(b)))
}

// BenchmarkA4TimingOfAWrongSecret prints Welch's t of the times that it takes to
// refuse a secret whose first half is right and one whose first byte is wrong, in
// turn, two hundred thousand of each. Below 4.5, whatever its sign, nothing can be
// told apart; it is printed and never asserted, since a busy machine decides it as well.
// What is asserted is the code: TestA4SecretsAreComparedInConstantTime.
func BenchmarkA4TimingOfAWrongSecret(b *testing.B) {
	const secret, samples, longest = "Basic YWNtZTpjYW5hcnktYWNtZS1jdXJyZW50", 200_000, 20 * time.Microsecond
	k, err := newKeyring(Secrets{Current: secret})
	if err != nil {
		b.Fatal(err)
	}
	near, far := secret[:len(secret)/2]+strings.Repeat("x", len(secret)-len(secret)/2), "X"+secret[1:]
	for b.Loop() {
		var times [2][]float64
		for range samples {
			for i, given := range []string{near, far} {
				began := time.Now()
				name, _ := k.match(given, began)
				took := time.Since(began)
				if name != "" {
					b.Fatal("a wrong secret was taken")
				}
				if took < longest { // what was interrupted tells of the machine
					times[i] = append(times[i], float64(took))
				}
			}
		}
		b.ReportMetric(welch(times[0], times[1]), "t")
		b.ReportMetric(float64(len(times[0])+len(times[1])), "samples")
	}
}

// A4: the statistic itself tells a difference from none.
func TestA4WelchTellsADifference(t *testing.T) {
	t.Parallel()
	var a, b, c []float64
	for i := range 1000 {
		a, b, c = append(a, float64(i%10)), append(b, float64((i+3)%10)), append(c, float64(i%10)+1)
	}
	if same, other := welch(a, b), welch(a, c); math.Abs(same) > 0.1 || other > -4.5 {
		t.Fatalf("t of the same is %.2f and of what differs %.2f", same, other)
	}
}
