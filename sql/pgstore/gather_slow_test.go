//go:build slow

package pgstore_test

import (
	"testing"

	"github.com/countersign/countersign/holds"
)

// E11: a thousand messages to one owner, and a thousand pages in one tenant.
func TestE11AThousandMessages(t *testing.T) {
	for _, to := range []holds.Audience{holds.ToOwner, holds.ToDuty} {
		t.Run(string(to), func(t *testing.T) { flood(t, to, 20, 50) })
	}
}
