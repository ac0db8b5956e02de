package bindgate.policy.rel

deny contains "bindStageName must be RELEASE" if input.binding.bindStageName != "RELEASE"

deny contains "owner must be a known team" if not input.binding.labels.owner in {"payments", "shop"}

deny contains "owner is missing (the usual guard)" if object.get(input.binding.labels, "owner", "") == ""

deny contains "ticket is empty" if input.binding.labels.changeTicket == ""

deny contains "certificate names begin with prod_" if not startswith(input.binding.certificate.name, "prod_")

deny contains "redirect is off" if input.binding.isHttpRedirectToHttps == false
