# Reference numbers of v6_logistic. From the root of the repository: Rscript tests/reference/logistic.R
suppressMessages({library(splines); library(sandwich)})
source("tests/reference/common.R")

exact <- glm.control(epsilon = 1e-14, maxit = 100)

# P(risk of an event > risk of a non-event), ties count half; pairs weigh the product of weights.
# Rounding keeps equal covariates equal: predictions differ in the last bits otherwise.
auc <- function(p, y, w, site = rep(1, length(p))) {
  p <- signif(p, 12)
  found <- sapply(split(seq_along(p), site), function(i) {
    one <- i[y[i] == 1]
    zero <- i[y[i] == 0]
    wins <- outer(p[one], p[zero], ">") + outer(p[one], p[zero], "==") / 2
    c(wins = drop(w[one] %*% wins %*% w[zero]), pairs = sum(w[one]) * sum(w[zero]))
  })
  sum(found["wins", ]) / sum(found["pairs", ])
}

robust <- function(fit, cluster) {
  found <- list(HC0 = vcovHC(fit, type = "HC0"), HC1 = vcovHC(fit, type = "HC1"))
  if (!is.null(cluster)) {
    found$cluster <- vcovCL(fit, cluster = cluster, type = "HC0", cadjust = FALSE)
  }
  lapply(found, function(v) list(std_error = sqrt(diag(v)), covariance = v))
}

report <- function(fit, data, sites, cluster, terms) {
  used <- match(rownames(fit$model), rownames(data))
  y <- fit$y
  w <- fit$prior.weights
  x <- model.matrix(fit)
  eta <- fit$linear.predictors
  p <- fit$fitted.values
  covariance <- vcov(fit)
  se <- sqrt(diag(covariance))
  # a further Newton step would change nothing
  step <- covariance %*% crossprod(x, w * (y - p))
  stopifnot(fit$converged, max(abs(step) / se) < 1e-9)
  # log(1 + exp(eta)) without overflow; R's logLik rounds non-integer weights
  loglik <- sum(w * (y * eta - pmax(eta, 0) - log1p(exp(-abs(eta)))))
  k <- length(se)
  ones <- rep(1, length(y))
  within <- lapply(sites, function(s) auc(p, y, w, s[used]))
  lr <- fit$null.deviance - fit$deviance
  lr_df <- fit$df.null - fit$df.residual
  c(list(
    terms = I(terms), r_terms = I(names(coef(fit))), estimate = I(unname(coef(fit))),
    std_error = I(unname(se)), statistic = I(unname(coef(fit) / se)),
    p_value = I(unname(2 * pnorm(-abs(coef(fit) / se)))), covariance = covariance,
    n = length(y), n_missing = nrow(data) - length(y), events = sum(y),
    log_likelihood = loglik, null_log_likelihood = loglik - lr / 2,
    deviance = fit$deviance, null_deviance = fit$null.deviance, df_residual = fit$df.residual,
    aic = 2 * k - 2 * loglik, bic = k * log(length(y)) - 2 * loglik,
    mcfadden_r2 = 1 - loglik / (loglik - lr / 2),
    lr_statistic = lr, lr_df = lr_df, lr_p_value = pchisq(lr, lr_df, lower.tail = FALSE),
    brier = sum(w * (y - p)^2) / sum(w), auc = auc(p, y, w), auc_within = within,
    linear_predictor_head = I(unname(head(eta, 5))),
    robust = robust(fit, cluster[used])
  ), if (any(w != 1)) list(
    brier_unweighted = mean((y - p)^2), auc_unweighted = auc(p, y, ones),
    auc_within_unweighted = lapply(sites, function(s) auc(p, y, ones, s[used])), r_aic = fit$aic
  ))
}

# `call` is a quoted glm call on `data`; the other arguments tell how we write the same model.
case <- function(id, name, call, request, factors = character(), rename = character(),
                 full = character(), splits = c("1", "3", "5")) {
  data <- read(name)
  # predictors by levels: the codebook of the request sets the order
  for (f in names(request$levels)) data[[f]] <- factor(data[[f]], request$levels[[f]])
  fit <- suppressWarnings(eval(call)) # non-integer weights
  # glm takes its covariance from one iteration before the last (6e-7 off in birthwt_splines):
  # started at the estimates, twice to the last digit, it is that of the estimates
  again <- call
  for (i in 1:2) {
    again$start <- coef(fit)
    fit <- suppressWarnings(eval(again))
  }
  sites <- lapply(setNames(nm = splits), function(split) site(name, split))
  cluster <- if (!is.null(request$cluster)) data[[request$cluster]]
  if (!is.null(request$levels)) request$levels <- lapply(request$levels, I)
  if (!is.null(request$predictors)) request$predictors <- I(request$predictors)
  terms <- our_terms(names(coef(fit)), c(names(request$levels), factors), rename, full)
  list(id = id, data = name, splits = I(splits), r_call = call_text(call), request = request,
    expected = report(fit, data, sites, cluster, terms))
}

impossible <- function(name, call, outcome, predictors, error, terms) {
  list(id = name, data = name, splits = I(c("1", "3", "5")), r_call = call_text(call),
    request = list(outcome = outcome, predictors = I(predictors)),
    expected = list(error = error, terms = I(terms)))
}

race3 <- list(race3 = c("white", "black", "other"))
visits <- list(ftv2 = c("0", "1", "2+"))
knots <- list(
  bs = c("bs(age, knots = c(20, 28), Boundary.knots = c(14, 45))" = "bs(age, knots=[20, 28], lower=14, upper=45)"),
  ns = c("ns(lwt, knots = c(110, 130, 160), Boundary.knots = c(80, 250))" =
    "ns(lwt, knots=[110, 130, 160], lower=80, upper=250)"),
  age = c("bs(age, knots = c(45, 60), Boundary.knots = c(20, 80))" = "bs(age, knots=[45, 60], lower=20, upper=80)"),
  nodes = c("ns(pnodes, knots = c(3, 10), Boundary.knots = c(1, 30))" = "ns(pnodes, knots=[3, 10], lower=1, upper=30)")
)

cases <- list(
  # Venables & Ripley, MASS 4th ed., p. 195: intercept .823019, ptd 1.343763, deviance 195.4755
  case("birthwt", "birthwt",
    quote(glm(low ~ age + lwt + race3 + smoke + ptd + ht + ui + ftv2, binomial, data, control = exact)),
    list(outcome = "low", predictors = c("age", "lwt", "race3", "smoke", "ptd", "ht", "ui", "ftv2"),
      levels = c(race3, visits))),
  # A number as a factor, another reference
  case("birthwt_reference", "birthwt",
    quote(glm(low ~ relevel(factor(race), "2") + smoke + lwt, binomial, data, control = exact)),
    list(outcome = "low", formula = "C(race, ref=\"2\") + smoke + lwt"),
    factors = "relevel(factor(race), \"2\")", rename = c("relevel(factor(race), \"2\")" = "C(race, ref=\"2\")")),
  # Factor by factor and factor by number
  case("birthwt_interactions", "birthwt",
    quote(glm(low ~ race3 * smoke + ftv2 * age + lwt, binomial, data, control = exact)),
    list(outcome = "low", formula = "race3 * smoke + ftv2 * age + lwt", levels = c(race3, visits))),
  # Splines: B-spline and natural, explicit knots; values of lwt within, of age within the boundary
  case("birthwt_splines", "birthwt",
    quote(glm(low ~ bs(age, knots = c(20, 28), Boundary.knots = c(14, 45)) +
      ns(lwt, knots = c(110, 130, 160), Boundary.knots = c(80, 250)) + smoke, binomial, data, control = exact)),
    list(outcome = "low", formula = paste(knots$bs, "+", knots$ns, "+ smoke")), rename = c(knots$bs, knots$ns)),
  # Without intercept: the first factor takes every level
  case("birthwt_no_intercept", "birthwt",
    quote(glm(low ~ 0 + race3 + age + lwt + smoke, binomial, data, control = exact)),
    list(outcome = "low", formula = "0 + race3 + age + lwt + smoke", levels = race3), full = "race3"),
  # Square of a number
  case("birthwt_square", "birthwt",
    quote(glm(low ~ age + I(age^2) + lwt + smoke, binomial, data, control = exact)),
    list(outcome = "low", formula = "age + age**2 + lwt + smoke"), rename = c("I(age^2)" = "age**2")),
  # Affine change of unit, logarithm and square root
  case("birthwt_transforms", "birthwt",
    quote(glm(low ~ I(age / 10) + log(lwt) + sqrt(ftv) + log1p(ptl), binomial, data, control = exact)),
    list(outcome = "low", formula = "I(age/10) + log(lwt) + sqrt(ftv) + log1p(ptl)"),
    rename = c("I(age/10)" = "I(age/10)")),
  # An offset, also in the null model
  case("birthwt_offset", "birthwt",
    quote(glm(low ~ age + lwt + smoke, binomial, data, offset = off, control = exact)),
    list(outcome = "low", predictors = c("age", "lwt", "smoke"), offset = "off")),
  # An offset without intercept: the null model has no parameter
  case("birthwt_offset_no_intercept", "birthwt",
    quote(glm(low ~ 0 + age + lwt + smoke, binomial, data, offset = off, control = exact)),
    list(outcome = "low", formula = "0 + age + lwt + smoke", offset = "off")),
  # Weights that are no integers
  case("birthwt_weights", "birthwt",
    quote(glm(low ~ age + lwt + race3 + smoke, binomial, data, weights = w, control = exact)),
    list(outcome = "low", predictors = c("age", "lwt", "race3", "smoke"), weights = "w", levels = race3)),
  # One missing row
  case("lung", "lung",
    quote(glm(dead ~ age + sex + ph.ecog, binomial, data, control = exact)),
    list(outcome = "dead", predictors = c("age", "sex", "ph.ecog"))),
  # A fifth of the rows missing; in one split a site of missing rows only
  case("lung_missing", "lung",
    quote(glm(dead ~ age + sex + meal.cal, binomial, data, control = exact)),
    list(outcome = "dead", predictors = c("age", "sex", "meal.cal")), splits = c("1", "3", "5", "all_missing")),
  # Clusters: hospitals, whole at one site; one row without hospital is left out
  case("lung_cluster", "lung",
    quote(glm(dead ~ age + sex, binomial, subset(data, !is.na(inst)), control = exact)),
    list(outcome = "dead", predictors = c("age", "sex"), cluster = "inst"), splits = c("1", "centres")),
  # Clusters: two records a patient, by treatment and type of event; sites hold whole patients
  case("colon_cluster", "colon",
    quote(glm(status ~ rx + sex + age + nodes + etype, binomial, data, control = exact)),
    list(outcome = "status", predictors = c("rx", "sex", "age", "nodes", "etype"), cluster = "id",
      levels = list(rx = c("Obs", "Lev", "Lev+5FU")))),
  # Greene, Econometric Analysis: 32 rows
  case("spector", "spector",
    quote(glm(GRADE ~ GPA + TUCE + PSI, binomial, data, control = exact)),
    list(outcome = "GRADE", predictors = c("GPA", "TUCE", "PSI"))),
  # Fair (1978): 6366 rows
  case("fair", "fair",
    quote(glm(affair ~ rate_marriage + age + yrs_married + children + religious + educ + occupation +
      occupation_husb, binomial, data, control = exact)),
    list(outcome = "affair", predictors = c("rate_marriage", "age", "yrs_married", "children", "religious",
      "educ", "occupation", "occupation_husb"))),
  # Splines that extrapolate (pnodes up to 51) and an interaction of a factor with a number
  case("gbsg2_splines", "gbsg2",
    quote(glm(cens ~ bs(age, knots = c(45, 60), Boundary.knots = c(20, 80)) +
      ns(pnodes, knots = c(3, 10), Boundary.knots = c(1, 30)) + horTh * tsize + tgrade, binomial, data,
      control = exact)),
    list(outcome = "cens", formula = paste(knots$age, "+", knots$nodes, "+ horTh * tsize + tgrade"),
      levels = list(horTh = c("no", "yes"), tgrade = c("I", "II", "III"))), rename = c(knots$age, knots$nodes)),
  # No finite estimate: y is dose > 4
  impossible("separated", quote(glm(y ~ x + dose, binomial, data)), "y", c("x", "dose"), "separation", "dose"),
  # No finite estimate: everybody in group C has y = 1
  impossible("quasi_separated", quote(glm(y ~ x + group, binomial, data)), "y", c("x", "group"), "separation",
    "group[T.C]"),
  # c = 2 a - b
  impossible("collinear", quote(glm(y ~ a + b + c, binomial, data)), "y", c("a", "b", "c"), "collinear",
    c("a", "b", "c"))
)

save(cases, "logistic")
