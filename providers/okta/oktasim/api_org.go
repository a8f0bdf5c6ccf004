package oktasim

import "net/http"

func (s *Sim) getOrg(c *call) (answer, *Error) {
	return answer{status: http.StatusOK, body: map[string]any{
		"id": s.org.ID, "companyName": s.org.Name, "subdomain": s.org.Subdomain, "status": "ACTIVE",
		"_links": map[string]any{"support": map[string]any{"href": "mailto:support@" + s.org.Subdomain + ".example"}},
	}}, nil
}

// getWellKnown tells the engine: pipeline idx is Identity Engine, v1 Classic.
func (s *Sim) getWellKnown(c *call) (answer, *Error) {
	pipeline := "idx"
	if s.opt.Engine == Classic {
		pipeline = "v1"
	}
	return answer{status: http.StatusOK, body: map[string]any{
		"id": s.org.ID, "pipeline": pipeline, "_links": map[string]any{"organization": href(c.base)},
	}}, nil
}
