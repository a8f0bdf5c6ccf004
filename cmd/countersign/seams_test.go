package main

import "context"

// withSeams changes the program for one test.
func withSeams(ctx context.Context, s seams) context.Context {
	return context.WithValue(ctx, seamsKey{}, s)
}
