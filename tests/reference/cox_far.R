# Survival and cumulative hazard of profiles whose covariates lie far from 0, and with offsets.
# From the root of the repository: Rscript tests/reference/cox_far.R
suppressMessages(library(survival))
source("tests/reference/common.R")
options(warn = 1) # coxph warns where it cannot tell that year and year^2 have converged: see `at_optimum`

exact <- coxph.control(eps = 1e-12, iter.max = 50, toler.inf = 1e-10, toler.chol = 1e-13)

# A further Newton step changes nothing
at_optimum <- function(fit) {
  score <- colSums(as.matrix(residuals(fit, "score", weighted = TRUE)))
  stopifnot(max(abs(vcov(fit) %*% score) / sqrt(diag(vcov(fit)))) < 1e-8)
  fit
}

# survfit(fit, newdata) of each profile in each stratum that the fit has rows of
curves <- function(fit, profiles, times, strata) {
  found <- list()
  for (i in seq_along(profiles)) for (k in seq_len(nrow(strata))) {
    who <- cbind(as.data.frame(profiles[[i]]), strata[k, , drop = FALSE])
    curve <- summary(survfit(fit, newdata = who), times = times, extend = TRUE)
    found <- c(found, list(list(profile = i, organization_id = strata$site[k],
      stratum = if ("own" %in% names(strata)) as.character(strata$own[k]) else "",
      cumulative_hazard = I(as.numeric(curve$cumhaz)), survival = I(as.numeric(curve$surv)))))
  }
  found
}

# `derived`: a column, the column it is made of, and what is added to that
case <- function(id, name, derived, call, request, profiles, times, own = NULL) {
  data <- read(name)
  data[[derived[[1]]]] <- data[[derived[[2]]]] + derived[[3]]
  if (!is.null(own)) data$own <- data[[own]]
  within <- call
  within[[2]][[3]] <- call("+", call[[2]][[3]], quote(strata(site)))
  used <- intersect(c("site", "own"), c("site", if (!is.null(own)) "own"))
  site_curves <- function(split) {
    data$site <- site(name, split)
    strata <- unique(data[, used, drop = FALSE])
    # survfit stops at a single stratum
    curves(at_optimum(eval(if (split == "1") call else within)), profiles, times, strata)
  }
  common <- if (is.null(own)) data.frame(none = 0) else unique(data[, "own", drop = FALSE])
  splits <- c("1", "3", "5")
  list(id = id, data = name, splits = I(splits), r_call = call_text(call), request = request,
    expected = list(derived = derived, profiles = profiles, times = I(times),
      exact = curves(at_optimum(eval(call)), profiles, times, common), site = sapply(splits, site_curves, simplify = FALSE)))
}

who <- function(...) list(list(...))
cases <- list(
  case("poly2_of_a_year", "lung", list("year", "age", 1950),
    quote(coxph(Surv(time, dead) ~ year + I(year^2) + sex, data, control = exact)),
    list(time = "time", event = "dead", formula = "poly2(year) + sex"),
    c(who(year = 2012, sex = 1), who(year = 1995, sex = 2)), c(100, 300, 600)),
  case("a_million_away", "lung", list("far", "age", 1e6),
    quote(coxph(Surv(time, dead) ~ far + sex, data, ties = "breslow", control = exact)),
    list(time = "time", event = "dead", formula = "far + sex", ties = "breslow"),
    c(who(far = 1e6 + 50, sex = 1), who(far = 1e6 + 80, sex = 2)), c(100, 300, 600)),
  case("minus_a_million_weights_offset", "lung", list("far", "age", -1e6),
    quote(coxph(Surv(time, dead) ~ far * sex + offset(off), data, weights = w, robust = FALSE, control = exact)),
    list(time = "time", event = "dead", formula = "far * sex", weights = "w", offset = "off"),
    c(who(far = 50 - 1e6, sex = 1, off = 0), who(far = 80 - 1e6, sex = 2, off = 0.5)), c(100, 300, 600)),
  case("year_entry", "heart", list("calendar", "year", 1967),
    quote(coxph(Surv(start, stop, event) ~ calendar + age, data, control = exact)),
    list(time = "stop", event = "event", entry = "start", formula = "calendar + age"),
    c(who(calendar = 1970, age = 0), who(calendar = 1967.5, age = 10)), c(100, 300, 600)),
  case("year_strata", "gbsg2", list("born", "age", 1900),
    quote(coxph(Surv(time, cens) ~ born + pnodes + strata(own), data, control = exact)),
    list(time = "time", event = "cens", strata = I("horTh"), formula = "born + pnodes"),
    c(who(born = 1950, pnodes = 2), who(born = 1970, pnodes = 12)), c(500, 1000, 2000), own = "horTh")
)

save(cases, "cox_far")
