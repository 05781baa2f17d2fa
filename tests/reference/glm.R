# Reference numbers of v6_glm. From the root of the repository: Rscript tests/reference/glm.R
suppressMessages({library(splines); library(sandwich); library(MASS)})
source("tests/reference/common.R")

exact <- glm.control(epsilon = 1e-14, maxit = 200)

robust <- function(fit, types, cluster) {
  found <- lapply(setNames(nm = types), function(type) vcovHC(fit, type = type))
  if (!is.null(cluster)) {
    found$cluster <- vcovCL(fit, cluster = cluster, type = "HC0", cadjust = FALSE)
    found$cluster_adjusted <- vcovCL(fit, cluster = cluster, type = "HC0", cadjust = TRUE)
  }
  lapply(found, function(v) list(std_error = I(unname(sqrt(diag(v)))), covariance = v))
}

report <- function(fit, data, terms, types, cluster) {
  linear <- class(fit)[1] == "lm"
  negative_binomial <- inherits(fit, "negbin")
  table <- if (linear || !negative_binomial) summary(fit)$coefficients else
    summary(fit, dispersion = 1)$coefficients
  found <- list(
    terms = I(terms), estimate = I(unname(coef(fit))), std_error = I(unname(table[, 2])),
    statistic = I(unname(table[, 3])), p_value = I(unname(table[, 4])),
    covariance = if (linear) vcov(fit) else if (negative_binomial) summary(fit, dispersion = 1)$cov.scaled else vcov(fit),
    n = nobs(fit), n_missing = nrow(data) - nobs(fit),
    log_likelihood = as.numeric(logLik(fit)), deviance = deviance(fit), df_residual = fit$df.residual,
    aic = AIC(fit), bic = BIC(fit), robust = robust(fit, types, cluster)
  )
  if (linear) {
    s <- summary(fit)
    null <- update(fit, . ~ 1)
    f <- s$fstatistic
    found <- c(found, list(
      null_log_likelihood = as.numeric(logLik(null)), null_deviance = deviance(null),
      sigma = s$sigma, dispersion = s$sigma^2, r_squared = s$r.squared, adj_r_squared = s$adj.r.squared,
      f_statistic = unname(f[1]), f_df = unname(f[2]), f_df2 = unname(f[3]),
      f_p_value = unname(pf(f[1], f[2], f[3], lower.tail = FALSE))
    ))
  } else {
    found$null_deviance <- fit$null.deviance
    found$dispersion <- if (negative_binomial) 1 else summary(fit)$dispersion
  }
  if (negative_binomial) found <- c(found, list(theta = fit$theta, theta_std_error = fit$SE.theta))
  found
}

# `call` is a quoted call on `data`; the other arguments tell how we write the same model.
case <- function(id, name, call, request, factors = character(), rename = character(),
                 types = c("HC0", "HC1"), splits = c("1", "3", "5"), polish = 2) {
  data <- read(name)
  for (f in names(request$levels)) data[[f]] <- factor(data[[f]], request$levels[[f]])
  fit <- suppressWarnings(eval(call))
  # glm takes its covariance from one iteration before the last: started at the estimates, it is theirs
  if (class(fit)[1] == "glm") {
    again <- call
    for (i in seq_len(polish)) {
      again$start <- coef(fit)
      fit <- suppressWarnings(eval(again))
    }
  }
  cluster <- if (!is.null(request$cluster)) data[[request$cluster]][match(names(residuals(fit)), rownames(data))]
  if (!is.null(request$levels)) request$levels <- lapply(request$levels, I)
  if (!is.null(request$predictors)) request$predictors <- I(request$predictors)
  terms <- our_terms(names(coef(fit)), c(names(request$levels), factors), rename)
  list(id = id, data = name, splits = I(splits), r_call = call_text(call), request = request,
    expected = report(fit, data, terms, types, cluster))
}

race3 <- list(race3 = c("white", "black", "other"))
district <- list(District = c("D1", "D2", "D3", "D4"), Group = c("<1l", "1-1.5l", "1.5-2l", ">2l"),
  Age = c("<25", "25-29", "30-35", ">35"))
every <- c("HC0", "HC1", "HC2", "HC3")

cases <- list(
  # Linear: birth weight in grams
  case("birthwt_linear", "birthwt", quote(lm(bwt ~ age + lwt + race3 + smoke + ht + ui, data)),
    list(family = "gaussian", outcome = "bwt", predictors = c("age", "lwt", "race3", "smoke", "ht", "ui"),
      levels = race3), types = every),
  # Linear with weights
  case("birthwt_linear_weights", "birthwt", quote(lm(bwt ~ age + lwt + race3 + smoke, data, weights = w)),
    list(family = "gaussian", outcome = "bwt", predictors = c("age", "lwt", "race3", "smoke"), weights = "w",
      levels = race3)),
  # Linear, an interaction and a spline
  case("gbsg2_linear", "gbsg2", quote(lm(tsize ~ ns(age, knots = c(45, 60), Boundary.knots = c(20, 80)) +
      horTh * menostat + tgrade, data)),
    list(family = "gaussian", outcome = "tsize",
      formula = "ns(age, knots=[45, 60], lower=20, upper=80) + horTh * menostat + tgrade",
      levels = list(horTh = c("no", "yes"), menostat = c("Pre", "Post"), tgrade = c("I", "II", "III"))),
    rename = c("ns(age, knots = c(45, 60), Boundary.knots = c(20, 80))" = "ns(age, knots=[45, 60], lower=20, upper=80)"),
    types = every),
  # Linear, rows missing, clusters of hospitals
  case("lung_linear_cluster", "lung", quote(lm(pat.karno ~ age + sex, subset(data, !is.na(inst)))),
    list(family = "gaussian", outcome = "pat.karno", predictors = c("age", "sex"), cluster = "inst"),
    splits = c("1", "centres")),
  # Poisson: days absent from school
  case("quine_poisson", "quine", quote(glm(Days ~ Eth + Sex + Age + Lrn, poisson, data, control = exact)),
    list(family = "poisson", outcome = "Days", predictors = c("Eth", "Sex", "Age", "Lrn")),
    factors = c("Eth", "Sex", "Age", "Lrn"), types = every),
  # Poisson with an exposure
  case("insurance_poisson", "insurance",
    quote(glm(Claims ~ District + Group + Age + offset(log(Holders)), poisson, data, control = exact)),
    list(family = "poisson", outcome = "Claims", predictors = c("District", "Group", "Age"), exposure = "Holders",
      levels = district)),
  # Risk ratios: Poisson with robust errors on a yes/no outcome
  case("birthwt_risk_ratio", "birthwt", quote(glm(low ~ age + lwt + smoke + ht, poisson, data, control = exact)),
    list(family = "poisson", outcome = "low", predictors = c("age", "lwt", "smoke", "ht"))),
  # Gamma, log and inverse
  case("lung_gamma", "lung", quote(glm(meal.cal ~ age + sex + ph.ecog, Gamma("log"), data, control = exact)),
    list(family = "gamma", outcome = "meal.cal", predictors = c("age", "sex", "ph.ecog")), types = character()),
  case("lung_gamma_inverse", "lung",
    quote(glm(meal.cal ~ age + sex + ph.ecog, Gamma("inverse"), data, control = exact)),
    list(family = "gamma", link = "inverse", outcome = "meal.cal", predictors = c("age", "sex", "ph.ecog")),
    types = character()),
  case("pbc_gamma", "pbc", quote(glm(bili ~ age + albumin + edema, Gamma("log"), data, control = exact)),
    list(family = "gamma", outcome = "bili", predictors = c("age", "albumin", "edema")), types = character()),
  # Binomial, four links
  case("birthwt_logit", "birthwt", quote(glm(low ~ age + lwt + smoke + ht, binomial, data, control = exact)),
    list(family = "binomial", outcome = "low", predictors = c("age", "lwt", "smoke", "ht")), types = every),
  case("birthwt_probit", "birthwt", quote(glm(low ~ age + lwt + smoke + ht, binomial("probit"), data, control = exact)),
    list(family = "binomial", link = "probit", outcome = "low", predictors = c("age", "lwt", "smoke", "ht")),
    types = every),
  case("birthwt_cloglog", "birthwt", quote(glm(low ~ age + lwt + smoke + ht, binomial("cloglog"), data, control = exact)),
    list(family = "binomial", link = "cloglog", outcome = "low", predictors = c("age", "lwt", "smoke", "ht")),
    types = character()),
  case("birthwt_identity", "birthwt", quote(glm(low ~ smoke + ht, binomial("identity"), data, control = exact,
      start = c(.25, .1, .1))),
    list(family = "binomial", link = "identity", outcome = "low", predictors = c("smoke", "ht")), types = character()),
  # Risk ratios: binomial with a log link
  case("birthwt_log", "birthwt", quote(glm(low ~ age + lwt + smoke + ht, binomial("log"), data, control = exact,
      start = c(log(mean(data$low)), 0, 0, 0, 0))),
    list(family = "binomial", link = "log", outcome = "low", predictors = c("age", "lwt", "smoke", "ht")),
    types = "HC0", polish = 30),
  case("fair_log", "fair", quote(glm(affair ~ yrs_married + religious, binomial("log"), data, control = exact,
      start = c(log(mean(data$affair)), 0, 0))),
    list(family = "binomial", link = "log", outcome = "affair", predictors = c("yrs_married", "religious")),
    types = "HC0", polish = 30),
  # Risk differences, a second set
  case("fair_identity", "fair", quote(glm(affair ~ yrs_married + religious, binomial("identity"), data,
      control = exact, start = c(mean(data$affair), 0, 0))),
    list(family = "binomial", link = "identity", outcome = "affair", predictors = c("yrs_married", "religious")),
    types = "HC0", polish = 30),
  case("fair_probit", "fair", quote(glm(affair ~ rate_marriage + age + yrs_married + religious, binomial("probit"),
      data, control = exact)),
    list(family = "binomial", link = "probit", outcome = "affair",
      predictors = c("rate_marriage", "age", "yrs_married", "religious")), types = character())
)

save(cases, "glm")
