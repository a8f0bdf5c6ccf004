package failpoint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Variable is the environment variable that names a point.
const Variable = "FAILPOINT"

// order is what the variable asks for; the zero one asks for nothing.
type order struct {
	point Point
	hit   int64
	stop  bool
}

// parse reads NAME[:N][!stop].
func parse(text string) (order, error) {
	if text == "" {
		return order{}, nil
	}
	rest, how, given := strings.Cut(text, "!")
	name, count, counted := strings.Cut(rest, ":")
	o := order{point: Point(name), hit: 1, stop: given}
	if given && how != "stop" {
		return order{}, fmt.Errorf("%s=%s: after the ! there can only be stop", Variable, text)
	}
	if counted {
		n, err := strconv.ParseInt(count, 10, 64)
		if err != nil || n < 1 {
			return order{}, fmt.Errorf("%s=%s: %q does not say for which time", Variable, text, count)
		}
		o.hit = n
	}
	if !slices.ContainsFunc(Gaps(), func(g Gap) bool { return g.Point == o.point }) {
		return order{}, fmt.Errorf("%s=%s: there is no point %q", Variable, text, name)
	}
	return o, nil
}
