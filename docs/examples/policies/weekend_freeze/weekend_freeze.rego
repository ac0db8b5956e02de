# METADATA
# title: Nothing is bound on weekends in Shanghai
# scope: package
package bindgate.policy.weekend_freeze

import rego.v2

deny contains sprintf("it is %s in Shanghai", [day]) if day in {"Saturday", "Sunday"}

day := time.weekday([time.parse_rfc3339_ns(input.run.now), "Asia/Shanghai"])
