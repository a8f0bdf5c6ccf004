//go:build slow

package localpg

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

// The process is killed at one moment after another of its first start, each
// time on top of what the kills before it left, and in between on an empty
// directory. However far it came, the next start in peace must finish the job.
func TestKilledAtAnyMomentOfTheFirstStart(t *testing.T) {
	const moments = 24
	began := time.Now()
	start(t, Options{Root: tempRoot(t)})
	whole := time.Since(began)

	dir := ""
	for i := range moments {
		if i%4 == 0 {
			dir = tempRoot(t)
		}
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), envHelper+"="+dir)
		stdin, err := cmd.StdinPipe()
		check(t, err)
		check(t, cmd.Start())
		<-time.After(whole * time.Duration(i) / moments)
		check(t, cmd.Process.Kill())
		_ = cmd.Wait() // its error is the kill
		stdin.Close()

		if i%4 != 3 {
			continue
		}
		s, err := Start(deadline(t), Options{Root: dir, Unsafe: true})
		if err != nil {
			t.Fatalf("after kills until %v of %v: %v", whole*time.Duration(i)/moments, whole, err)
		}
		for _, role := range []string{RoleOwner, RoleApp} {
			check(t, connect(t, s, role, Database).PingContext(deadline(t)))
		}
		check(t, s.Stop(deadline(t)))
	}
}
