# Reference numbers of v6_cox. From the root of the repository: Rscript tests/reference/cox.R
suppressMessages({library(survival); library(splines)})
source("tests/reference/common.R")
options(warn = 2) # a fit that warns is no reference

exact <- coxph.control(eps = 1e-12, iter.max = 50, toler.inf = 1e-10, toler.chol = 1e-13)
# does not mistake a coefficient that has converged for one that may be infinite
calm <- coxph.control(eps = 1e-12, iter.max = 50, toler.inf = 1e-6, toler.chol = 1e-13)

# Pairs within strata; rounding keeps equal covariates equal.
pairs_of <- function(fit, y, w, strata) {
  lp <- round(fit$linear.predictors, 10)
  found <- concordance(y ~ lp + strata(strata), weights = w, reverse = TRUE)
  count <- if (is.matrix(found$count)) colSums(found$count) else found$count
  names(count) <- c("concordant", "discordant", "tied_x", "tied_y", "tied_xy")
  c(list(value = found$concordance), as.list(count))
}

# Grambsch-Therneau by term; nothing to test where all events share a time, or have no logarithm of it
proportional <- function(fit, y, transform, labels) {
  events <- y[y[, "status"] == 1, ncol(y) - 1]
  if (length(unique(events)) == 1 || (identical(transform, log) && min(events) <= 0)) return(NULL)
  table <- cox.zph(fit, transform = transform, terms = TRUE)$table
  lapply(seq_len(nrow(table)), function(i) list(term = c(labels, "GLOBAL")[i], statistic = table[i, "chisq"],
    df = table[i, "df"], p_value = table[i, "p"]))
}

# 1 - S(t-) of each row, Kaplan and Meier's S of its own site's rows: as cox.zph(transform = "km") has it
km_of_sites <- function(y, sites) {
  g <- numeric(nrow(y))
  for (s in unique(sites)) {
    km <- survfit(y[sites == s] ~ 1, se.fit = FALSE)
    before <- findInterval(y[sites == s, ncol(y) - 1], km$time, left.open = TRUE)
    g[sites == s] <- 1 - c(1, km$surv)[before + 1]
  }
  function(times) g
}

# Cumulative hazard of a person with all covariates and the offset 0, by definition; to check basehaz.
by_definition <- function(y, risk, w, times, efron) {
  stop <- y[, ncol(y) - 1]
  start <- if (ncol(y) == 3) y[, 1] else rep(-1, nrow(y))
  events <- sort(unique(stop[y[, "status"] == 1]))
  until <- times * (1 + 1e-9) # an event that rounding puts after a time is at it
  jump <- vapply(events, function(t) {
    dead <- stop == t & y[, "status"] == 1
    at_risk <- start < t & stop >= t
    share <- if (efron) (seq_len(sum(dead)) - 1) / sum(dead) else rep(0, sum(dead))
    sum(mean(w[dead]) / (sum((w * risk)[at_risk]) - share * sum((w * risk)[dead])))
  }, 0)
  vapply(until, function(t) sum(jump[events <= t]), 0)
}

baseline <- function(fit, y, w, stratum, times, offset) {
  hazard <- suppressWarnings(basehaz(fit, centered = FALSE)) # warns of interactions where centered
  # with an offset R's basehaz is at its weighted mean: move it to offset 0
  hazard$hazard <- hazard$hazard * exp(-weighted.mean(offset, w))
  # linear predictors are less the plain mean of the offset
  risk <- exp(fit$linear.predictors + mean(offset) + sum(coef(fit) * fit$means))
  lapply(levels(stratum), function(s) {
    one <- if (nlevels(stratum) == 1) hazard else hazard[as.character(hazard$strata) == s, ]
    h <- vapply(times * (1 + 1e-9), function(t) max(0, one$hazard[one$time <= t]), 0)
    i <- stratum == s
    own <- by_definition(y[i, ], risk[i], w[i], times, fit$method == "efron")
    stopifnot(all.equal(h, own, tolerance = 1e-9))
    list(stratum = s, time = I(times), cumulative_hazard = I(h))
  })
}

report <- function(call, formula, data, sites, own_strata, times, terms, labels) {
  call[[2]] <- formula
  data$row <- seq_len(nrow(data))
  if (is.null(call$cluster)) call$cluster <- quote(row) # Lin & Wei: every row for itself
  call$model <- TRUE
  fit <- eval(call)
  call$robust <- FALSE
  call$cluster <- NULL
  naive <- eval(call)
  used <- match(rownames(fit$model), rownames(data))
  y <- fit$y
  w <- if (is.null(fit$weights)) rep(1, fit$n) else fit$weights
  offset <- model.offset(fit$model) # fit$offset is less its mean
  if (is.null(offset)) offset <- rep(0, fit$n)
  strata_of <- function(...) droplevels(interaction(..., sep = "/", lex.order = TRUE))
  own <- lapply(own_strata, function(v) data[[v]][used])
  covariance <- vcov(naive)
  se <- sqrt(diag(covariance))
  score <- as.matrix(residuals(naive, "score", weighted = TRUE))
  stopifnot(max(abs(covariance %*% colSums(score)) / se) < 1e-9) # a further Newton step changes nothing
  k <- length(se)
  b <- unname(coef(fit))
  l <- fit$loglik
  site_fit <- "site" %in% all.vars(formula)
  stratum <- do.call(strata_of, c(if (site_fit) list(sites[[1]][used]), own, list(rep("", fit$n))))
  levels(stratum) <- sub("/$", "", levels(stratum))
  if (nlevels(stratum) > 1) { # basehaz by our names of the strata
    data$stratum <- NA
    data$stratum[used] <- as.character(stratum)
    call[[2]] <- plus(drop_strata(formula), quote(strata(stratum)))
  }
  p <- function(x) pchisq(x, k, lower.tail = FALSE)
  wald <- drop(b %*% solve(covariance, b))
  pairs <- lapply(sites, function(s) pairs_of(fit, y, w, do.call(strata_of, c(list(s[used]), own))))
  list(
    terms = I(terms), r_terms = I(names(coef(fit))), estimate = I(b), std_error = I(unname(se)),
    statistic = I(unname(b / se)), p_value = I(unname(2 * pnorm(-abs(b / se)))), covariance = covariance,
    n = fit$n, n_missing = nrow(data) - fit$n, events = fit$nevent, df = k,
    log_likelihood = l[2], null_log_likelihood = l[1], aic = 2 * k - 2 * l[2], bic = k * log(fit$nevent) - 2 * l[2],
    lr_statistic = 2 * (l[2] - l[1]), lr_p_value = p(2 * (l[2] - l[1])), wald_statistic = wald,
    wald_p_value = p(wald), score_statistic = naive$score, score_p_value = p(naive$score),
    concordance = if (site_fit) pairs[[1]] else pairs,
    robust = list(std_error = I(unname(sqrt(diag(fit$var)))), covariance = fit$var,
      wald_statistic = drop(b %*% solve(fit$var, b)), score_statistic = fit$rscore),
    proportional_hazards = list(identity = proportional(naive, y, "identity", labels),
      log = proportional(naive, y, log, labels),
      km = proportional(naive, y, if (site_fit) km_of_sites(y, sites[[1]][used]) else "km", labels)),
    baseline_hazard = baseline(eval(call), y, w, stratum, times, offset)
  )
}

plus <- function(formula, term) {
  formula[[3]] <- call("+", formula[[3]], term)
  formula
}

drop_strata <- function(formula) {
  right <- formula[[3]]
  while (is.call(right) && startsWith(deparse(right[[3]])[1], "strata(")) {
    right <- right[[2]]
  }
  formula[[3]] <- right
  formula
}

# `call` is a quoted coxph call on `data` with strata() last; the other arguments say how we write it.
case <- function(id, name, call, request, times, rename = character(), splits = c("1", "3", "5")) {
  data <- read(name)
  for (f in names(request$levels)) data[[f]] <- factor(data[[f]], request$levels[[f]])
  sites <- lapply(setNames(nm = splits), function(split) site(name, split))
  own <- request$strata
  formula <- eval(call[[2]])
  labels <- attr(terms(drop_strata(formula)), "term.labels")
  for (r in names(rename)) labels <- sub(r, rename[[r]], labels, fixed = TRUE)
  labels <- gsub("offset\\(.*\\)|`", "", labels)
  terms <- our_terms(names(coef(eval(call))), names(request$levels), rename)
  expected <- list(
    exact = report(call, formula, data, sites, own, times, terms, labels),
    site = lapply(sites, function(s) {
      data$site <- s
      report(call, plus(formula, quote(strata(site))), data, list(s), own, times, terms, labels)
    })
  )
  for (key in intersect(names(request), c("predictors", "strata"))) request[[key]] <- I(request[[key]])
  if (!is.null(request$levels)) request$levels <- lapply(request$levels, I)
  list(id = id, data = name, splits = I(splits), r_call = call_text(call), request = request, expected = expected)
}

# A ridge: theta/2 sum (b sd)^2; the covariance is the inverse of the penalised information.
ridge_case <- function(id, name, call, request, splits = c("1", "3", "5")) {
  data <- read(name)
  penalised <- function(formula, s) {
    data$site <- s
    call[[2]] <- formula
    fit <- eval(call)
    list(terms = request$predictors, estimate = I(unname(coef(fit))), std_error = I(sqrt(diag(fit$var))),
      covariance = fit$var, log_likelihood = fit$loglik[2], wald_statistic = unname(fit$wald.test))
  }
  formula <- eval(call[[2]])
  own <- lapply(setNames(nm = splits), function(split) penalised(plus(formula, quote(strata(site))), site(name, split)))
  list(id = id, data = name, splits = I(splits), r_call = call_text(call), request = request,
    expected = list(exact = penalised(formula, 1), site = own))
}

rx <- list(rx = c("Obs", "Lev", "Lev+5FU"))
arm <- list(arm = c("A", "B", "C"))
treat <- list(treat = c("6-MP", "control"))
celltype <- list(celltype = c("squamous", "smallcell", "adeno", "large"))
rossi <- c("fin", "age", "race", "wexp", "mar", "paro", "prio")
nodes <- c("ns(pnodes, knots = c(3, 10), Boundary.knots = c(1, 30))" = "ns(pnodes, knots=[3, 10], lower=1, upper=30)")
age <- c("bs(age, knots = c(45, 60), Boundary.knots = c(20, 80))" = "bs(age, knots=[45, 60], lower=20, upper=80)")

cases <- list(
  # age .0170453, sex -.5132185
  case("lung_efron", "lung", quote(coxph(Surv(time, dead) ~ age + sex, data, control = exact)),
    list(time = "time", event = "dead", predictors = c("age", "sex")), c(100, 300, 600)),
  # age .0170129, sex -.5125648
  case("lung_breslow", "lung", quote(coxph(Surv(time, dead) ~ age + sex, data, ties = "breslow", control = exact)),
    list(time = "time", event = "dead", predictors = c("age", "sex"), ties = "breslow"), c(100, 300, 600)),
  # A fifth of the rows missing; in one split a site of missing rows only
  case("lung_missing", "lung", quote(coxph(Surv(time, dead) ~ age + ph.ecog + meal.cal, data, control = exact)),
    list(time = "time", event = "dead", predictors = c("age", "ph.ecog", "meal.cal")), c(100, 300, 600),
    splits = c("1", "3", "5", "all_missing")),
  # Clusters: hospitals, whole at one site; one row without hospital is left out
  case("lung_cluster", "lung",
    quote(coxph(Surv(time, dead) ~ age + sex, subset(data, !is.na(inst)), cluster = inst, control = exact)),
    list(time = "time", event = "dead", predictors = c("age", "sex"), cluster = "inst"), c(100, 300, 600),
    splits = c("1", "centres")),
  # An offset
  case("lung_offset", "lung", quote(coxph(Surv(time, dead) ~ age + sex + offset(off), data, control = exact)),
    list(time = "time", event = "dead", predictors = c("age", "sex"), offset = "off"), c(100, 300, 600)),
  # Kalbfleisch & Prentice: a factor of four levels
  case("veteran", "veteran",
    quote(coxph(Surv(time, status) ~ trt + celltype + karno + diagtime + age + prior, data, control = exact)),
    list(time = "time", event = "status", predictors = c("trt", "celltype", "karno", "diagtime", "age", "prior"),
      levels = celltype), c(30, 100, 300)),
  # Strata within sites
  case("veteran_strata", "veteran",
    quote(coxph(Surv(time, status) ~ trt + karno + strata(celltype), data, control = exact)),
    list(time = "time", event = "status", predictors = c("trt", "karno"), strata = "celltype"), c(30, 100, 300)),
  # Weeks: ties
  case("rossi_efron", "rossi",
    quote(coxph(Surv(week, arrest) ~ fin + age + race + wexp + mar + paro + prio, data, control = exact)),
    list(time = "week", event = "arrest", predictors = rossi), c(10, 30, 52)),
  case("rossi_breslow", "rossi",
    quote(coxph(Surv(week, arrest) ~ fin + age + race + wexp + mar + paro + prio, data, ties = "breslow",
      control = exact)),
    list(time = "week", event = "arrest", predictors = rossi, ties = "breslow"), c(10, 30, 52)),
  # Weights that are no integers, with ties, Efron and Breslow
  case("rossi_weights_efron", "rossi",
    quote(coxph(Surv(week, arrest) ~ fin + age + prio, data, weights = w, control = exact)),
    list(time = "week", event = "arrest", predictors = c("fin", "age", "prio"), weights = "w"), c(10, 30, 52)),
  case("rossi_weights_breslow", "rossi",
    quote(coxph(Surv(week, arrest) ~ fin + age + prio, data, weights = w, ties = "breslow", control = exact)),
    list(time = "week", event = "arrest", predictors = c("fin", "age", "prio"), weights = "w", ties = "breslow"),
    c(10, 30, 52)),
  # Heavy ties
  case("gehan_efron", "gehan", quote(coxph(Surv(time, cens) ~ treat, data, control = exact)),
    list(time = "time", event = "cens", predictors = "treat", levels = treat), c(5, 10, 20)),
  case("gehan_breslow", "gehan", quote(coxph(Surv(time, cens) ~ treat, data, ties = "breslow", control = exact)),
    list(time = "time", event = "cens", predictors = "treat", ties = "breslow", levels = treat), c(5, 10, 20)),
  case("gehan_weights_offset", "gehan",
    quote(coxph(Surv(time, cens) ~ treat + offset(off), data, weights = w, control = exact)),
    list(time = "time", event = "cens", predictors = "treat", weights = "w", offset = "off", levels = treat),
    c(5, 10, 20)),
  # Everything tied: no proportional hazards to test
  case("tied_efron", "gehan_tied", quote(coxph(Surv(time, cens) ~ treat + pair, data, control = exact)),
    list(time = "time", event = "cens", predictors = c("treat", "pair"), levels = treat), c(5, 10, 20)),
  case("tied_breslow", "gehan_tied",
    quote(coxph(Surv(time, cens) ~ treat + pair, data, ties = "breslow", control = exact)),
    list(time = "time", event = "cens", predictors = c("treat", "pair"), ties = "breslow", levels = treat),
    c(5, 10, 20)),
  # Recurrence and death of one patient, strata by type, errors by patient
  case("colon_cluster", "colon",
    quote(coxph(Surv(time, status) ~ rx + sex + age + nodes + strata(etype), data, cluster = id, control = exact)),
    list(time = "time", event = "status", predictors = c("rx", "sex", "age", "nodes"), strata = "etype",
      cluster = "id", levels = rx), c(300, 1000, 2500)),
  # One record a patient
  case("colon_death", "colon_death",
    quote(coxph(Surv(time, status) ~ rx + sex + age + nodes + obstruct, data, control = exact)),
    list(time = "time", event = "status", predictors = c("rx", "sex", "age", "nodes", "obstruct"), levels = rx),
    c(300, 1000, 2500)),
  # Start and stop: a covariate that changes, errors by patient
  case("heart_efron", "heart",
    quote(coxph(Surv(start, stop, event) ~ age + year + surgery + transplant, data, cluster = id, control = exact)),
    list(entry = "start", time = "stop", event = "event", predictors = c("age", "year", "surgery", "transplant"),
      cluster = "id"), c(30, 100, 600)),
  case("heart_breslow", "heart",
    quote(coxph(Surv(start, stop, event) ~ age + year + transplant + strata(surgery), data, ties = "breslow",
      control = exact)),
    list(entry = "start", time = "stop", event = "event", predictors = c("age", "year", "transplant"),
      strata = "surgery", ties = "breslow"), c(30, 100, 600)),
  # Times tied but for rounding (timefix)
  case("visits_rounding", "visits", quote(coxph(Surv(stop, event) ~ arm + x, data, control = exact)),
    list(time = "stop", event = "event", predictors = c("arm", "x"), levels = arm), c(1, 2, 5)),
  # Everything at once: entry, weights, strata, an offset, clusters, an interaction
  case("visits_efron", "visits",
    quote(coxph(Surv(start, stop, event) ~ arm * x + offset(off) + strata(ward), data, weights = w, cluster = id,
      control = exact)),
    list(entry = "start", time = "stop", event = "event", formula = "arm * x", offset = "off", strata = "ward",
      weights = "w", cluster = "id", levels = arm), c(1, 2, 5)),
  case("visits_breslow", "visits",
    quote(coxph(Surv(start, stop, event) ~ arm + x + strata(ward), data, weights = w, ties = "breslow",
      cluster = id, control = exact)),
    list(entry = "start", time = "stop", event = "event", predictors = c("arm", "x"), strata = "ward",
      weights = "w", cluster = "id", ties = "breslow", levels = arm), c(1, 2, 5)),
  # Splines with explicit knots (pnodes extrapolates), interaction of factor and number
  case("gbsg2_splines", "gbsg2",
    quote(coxph(Surv(time, cens) ~ bs(age, knots = c(45, 60), Boundary.knots = c(20, 80)) +
      ns(pnodes, knots = c(3, 10), Boundary.knots = c(1, 30)) + horTh * tsize + tgrade, data, control = exact)),
    list(time = "time", event = "cens", formula = paste(age, "+", nodes, "+ horTh * tsize + tgrade"),
      levels = list(horTh = c("no", "yes"), tgrade = c("I", "II", "III"))), c(300, 800, 1500), rename = c(age, nodes)),
  # The Mayo model: logarithms
  case("pbc", "pbc",
    quote(coxph(Surv(time, dead) ~ age + edema + log(bili) + log(protime) + log(albumin), data, control = exact)),
    list(time = "time", event = "dead", formula = "age + edema + log(bili) + log(protime) + log(albumin)"),
    c(300, 1000, 2500)),
  # Some events at time 0, a calendar year, 18 missing ages
  case("transplant", "transplant",
    quote(coxph(Surv(futime, ltx) ~ age + sex + abo + year, data, control = calm)),
    list(time = "futime", event = "ltx", predictors = c("age", "sex", "abo", "year"),
      levels = list(sex = c("m", "f"), abo = c("A", "B", "AB", "O"))), c(100, 300, 1000)),
  # The same events by name; and two kinds of events
  case("transplant_text", "transplant",
    quote(coxph(Surv(futime, event %in% c("death", "withdraw")) ~ age + year + strata(sex), data, control = calm)),
    list(time = "futime", event = "event", event_value = c("death", "withdraw"), predictors = c("age", "year"),
      strata = "sex"), c(100, 300, 1000)),
  ridge_case("rossi_ridge", "rossi",
    quote(coxph(Surv(week, arrest) ~ ridge(fin, age, prio, theta = 20, scale = TRUE), data, weights = w,
      robust = FALSE, control = exact)),
    list(time = "week", event = "arrest", predictors = I(c("fin", "age", "prio")), weights = "w", ridge = 20)),
  # No finite estimate: nobody in arm B has an event
  list(id = "monotone", data = "monotone", splits = I(c("1", "3", "5")),
    r_call = "coxph(Surv(time, event) ~ arm + x, data)",
    request = list(time = "time", event = "event", predictors = I(c("arm", "x"))),
    expected = list(error = "separation", terms = I("arm[T.B]"))),
  # c = 2 a - b
  list(id = "collinear", data = "collinear", splits = I(c("1", "3", "5")),
    r_call = "coxph(Surv(time, y) ~ a + b + c, data)",
    request = list(time = "time", event = "y", predictors = I(c("a", "b", "c"))),
    expected = list(error = "collinear", terms = I(c("a", "b", "c"))))
)

save(cases, "cox")
