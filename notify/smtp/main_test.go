package smtp

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails when a conversation leaves anything running behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
