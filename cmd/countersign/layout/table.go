package layout

// everyTest is what every _test.go file may import, whatever its row says: what
// compares, generates and watches, a fresh database, and the providers as we play them.
const everyTest = "github.com/google/go-cmp go.uber.org/goleak pgregory.net/rapid " +
	"sql/pgtest sql/localpg sql/cutproxy providers/okta/oktasim providers/okta/oktasim/oktaspec " +
	"providers/entra/entrasim providers/entra/entrasim/entraspec"

// table is the map of the program: a row for each package there is, and in it
// what the package may import besides the standard library. Columns stand in
// the order in which an event passes through them.
func table() map[string]row {
	return map[string]row{
		// holds: the vocabulary, and what is pure around it.
		"holds":              {},
		"holds/failpoint":    {},
		"holds/replay":       {code: "holds"},
		"holds/policy":       {code: "holds github.com/goccy/go-yaml"},
		"holds/ownerlink":    {},
		"holds/audit":        {code: "golang.org/x/mod"},
		"holds/audit/anchor": {code: "holds/audit holds/failpoint"},
		"holds/keeper":       {code: "holds holds/failpoint", test: "holds/policy"},
		// What a store of the keeper must do, and one in memory that does it.
		"holds/keeper/keepertest": {code: "holds holds/audit"},
		// Random sequences of everything that can happen, and what must hold after each step.
		"holds/keeper/modeltest": {code: "holds holds/keeper holds/keeper/keepertest holds/policy pgregory.net/rapid"},

		// gateway: everything that speaks HTTP to us.
		"gateway":        {code: "holds github.com/labstack/echo/v4"},
		"gateway/intake": {code: "gateway holds holds/failpoint github.com/labstack/echo/v4"},
		"gateway/page":   {code: "gateway holds github.com/labstack/echo/v4"},
		"gateway/page/pagetest": {
			code: "github.com/PuerkitoBio/goquery github.com/google/go-cmp github.com/chromedp/cdproto github.com/chromedp/chromedp",
		},
		"gateway/health": {code: "gateway holds github.com/labstack/echo/v4 github.com/prometheus/client_golang"},
		"gateway/owner": {
			code: "gateway gateway/page holds holds/ownerlink github.com/labstack/echo/v4",
			test: "gateway/page/pagetest github.com/PuerkitoBio/goquery",
		},
		"gateway/signin": {code: "gateway gateway/page holds github.com/labstack/echo/v4", test: "gateway/page/pagetest"},
		"gateway/console": {
			code: "gateway gateway/page holds github.com/labstack/echo/v4",
			test: "gateway/signin gateway/page/pagetest github.com/PuerkitoBio/goquery",
		},

		// providers: everything that speaks to an identity provider.
		"providers":      {code: "holds golang.org/x/time"},
		"providers/okta": {code: "holds holds/failpoint providers github.com/okta/okta-sdk-golang/v2", test: "providers/providertest"},
		"providers/entra": {
			code: "holds holds/failpoint providers github.com/google/uuid golang.org/x/oauth2 github.com/microsoft/kiota-abstractions-go " +
				"github.com/microsoft/kiota-http-go github.com/microsoft/kiota-serialization-json-go github.com/microsoft/kiota-serialization-text-go " +
				"github.com/microsoftgraph/msgraph-sdk-go github.com/microsoftgraph/msgraph-sdk-go-core",
			test: "providers/providertest",
		},
		"providers/providertest":          {code: "holds"},
		"providers/export":                {},
		"providers/okta/oktasim":          {},
		"providers/okta/oktasim/oktaspec": {code: "github.com/getkin/kin-openapi"},

		"providers/entra/entrasim":           {},
		"providers/entra/entrasim/entraspec": {code: "github.com/getkin/kin-openapi"},

		// notify: everything that speaks to people.
		"notify":           {code: "holds notify/directory", test: "github.com/PuerkitoBio/goquery"},
		"notify/directory": {code: "holds"},
		"notify/smtp":      {code: "holds github.com/wneessen/go-mail", test: "github.com/emersion/go-sasl github.com/emersion/go-smtp"},

		// sql: everything that speaks to Postgres.
		"sql/pgstore": {
			code: "holds holds/audit holds/failpoint sql/jobs sql/migrations sql/pgdb sql/prepared " +
				"github.com/google/uuid github.com/lib/pq github.com/sqlc-dev/pqtype github.com/tink-crypto/tink-go/v2",
			test: "holds/keeper/keepertest holds/keeper/modeltest golang.org/x/mod",
		},
		"sql/prepared":   {code: "github.com/lib/pq"},
		"sql/migrations": {code: "sql/jobs github.com/lib/pq github.com/pressly/goose/v3"},
		"sql/pgdb":       {code: "github.com/google/uuid github.com/lib/pq github.com/sqlc-dev/pqtype", generated: true},
		"sql/jobs": {
			code: "holds github.com/lib/pq github.com/riverqueue/river github.com/riverqueue/river/riverdriver " +
				"github.com/riverqueue/river/riverdriver/riverdatabasesql github.com/riverqueue/river/rivertype",
			test: "golang.org/x/sync",
		},
		"sql/cutproxy": {},
		"sql/localpg":  {code: "github.com/lib/pq"},
		"sql/pgtest":   {code: "sql/localpg github.com/lib/pq"},

		// cmd: what joins them into programs.
		"cmd/countersign": {
			code: "* github.com/alecthomas/kong github.com/goccy/go-yaml github.com/google/uuid golang.org/x/sync golang.org/x/term",
			test: "cmd/idpsim/mailsink github.com/PuerkitoBio/goquery github.com/lib/pq",
		},
		"cmd/countersign/bench": {
			code: "sql/localpg sql/migrations github.com/riverqueue/river github.com/riverqueue/river/riverdriver/riverdatabasesql",
		},
		"cmd/countersign/layout": {code: "golang.org/x/mod"},
		"cmd/idpsim":             {code: "cmd/idpsim/mailsink providers/okta/oktasim providers/entra/entrasim"},
		"cmd/idpsim/mailsink":    {code: "github.com/emersion/go-sasl github.com/emersion/go-smtp"},
	}
}
