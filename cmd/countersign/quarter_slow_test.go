//go:build slow

package main

import (
	"fmt"
	"testing"
)

// The promise is not one lucky quarter's.
func TestQuarters(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { keepsPromise(t, seed) })
	}
}
