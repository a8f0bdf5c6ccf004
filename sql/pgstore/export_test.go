package pgstore

// CheckOffset is checkOffset, for a test: no server here has a wrong clock.
var CheckOffset = checkOffset //nolint:gochecknoglobals // for a test only
