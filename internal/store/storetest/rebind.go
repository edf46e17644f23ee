package storetest

import (
	"strconv"
	"strings"
)

// Rebind turns SQL with ? for values and "double quotes" around names into the
// product's.
func Rebind(product, q string) string {
	switch product {
	case "mariadb", "mysql":
		return strings.ReplaceAll(q, `"`, "`")
	case "postgres":
		var b strings.Builder
		n := 0
		for _, r := range q {
			if r == '?' {
				n++
				b.WriteString("$" + strconv.Itoa(n))
				continue
			}
			b.WriteRune(r)
		}
		return b.String()
	}
	return q
}
