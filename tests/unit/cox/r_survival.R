# Writes r_survival.json: what R's survival says of each case, at a given beta and at the estimate.
# From the root of the repository: Rscript tests/unit/cox/r_survival.R
suppressMessages(library(survival))
read <- function(name) {
  data <- read.csv(file.path("tests/data", paste0(name, ".csv")), na.strings = "", check.names = FALSE)
  names(data) <- gsub("-", ".", names(data))
  i <- seq_len(nrow(data))
  data$w <- (1 + (7 * i) %% 11) / 8 # exact binary fractions
  data$off <- ((5 * i) %% 13 - 6) / 16
  data
}
exact <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50)

# name = list(data, call). The call is what is run.
cases <- alist(
  lung_efron = list("lung", coxph(Surv(time, dead) ~ age + sex, data)),
  lung_breslow = list("lung", coxph(Surv(time, dead) ~ age + sex, data, ties = "breslow")),
  lung_weighted = list("lung", coxph(Surv(time, dead) ~ age + ph.karno + offset(off) + strata(sex), data, weights = w)),
  lung_weighted_breslow = list("lung", coxph(Surv(time, dead) ~ age + sex + offset(off), data, weights = w, ties = "breslow")),
  veteran = list("veteran", coxph(Surv(time, status) ~ trt + celltype + karno + diagtime + age + prior, data)),
  veteran_strata = list("veteran", coxph(Surv(time, status) ~ trt + karno + strata(celltype), data)),
  rossi_efron = list("rossi", coxph(Surv(week, arrest) ~ fin + age + race + wexp + mar + paro + prio, data)),
  rossi_breslow = list("rossi", coxph(Surv(week, arrest) ~ fin + age + race + wexp + mar + paro + prio, data, ties = "breslow")),
  gehan = list("gehan", coxph(Surv(time, cens) ~ treat, data)),
  gehan_pairs = list("gehan", coxph(Surv(time, cens) ~ treat + strata(pair), data)),
  heart_efron = list("heart", coxph(Surv(start, stop, event) ~ age + year + surgery + transplant, data)),
  heart_breslow = list("heart", coxph(Surv(start, stop, event) ~ age + year + surgery + transplant, data, ties = "breslow")),
  heart_weighted = list("heart", coxph(Surv(start, stop, event) ~ age + year + strata(surgery), data, weights = w)),
  colon = list("colon", coxph(Surv(time, status) ~ rx + sex + age + node4 + strata(etype), data, cluster = id))
)

describe <- function(case) {
  data <- read(case[[2]])
  call <- case[[3]]
  text <- gsub("\\s+", " ", paste(deparse(call, 500), collapse = " "))
  call$control <- quote(exact)
  call$x <- TRUE
  fit <- eval(call)
  p <- length(coef(fit))
  call$init <- beta <- signif(coef(fit), 1) / 2
  call$control <- coxph.control(iter.max = 0)
  fixed <- eval(call)
  naive <- function(f) if (is.null(f$naive.var)) f$var else f$naive.var
  weights <- if (is.null(fit$weights)) rep(1, fit$n) else fit$weights
  y <- fit$y
  stratum <- if (is.null(fit$strata)) rep("all", fit$n) else as.character(fit$strata)
  lp <- fit$linear.predictors
  count <- concordance(y ~ lp + strata(stratum), weights = weights, reverse = TRUE)$count
  grid <- unname(signif(quantile(y[, ncol(y) - 1], c(.1, .3, .5, .8)), 2))
  score <- residuals(fit, "score")
  dim(score) <- c(fit$n, p)
  first_score <- residuals(fixed, "score", weighted = TRUE)
  dim(first_score) <- c(fit$n, p)
  zph <- function(transform) unname(cox.zph(fit, transform = transform)$table[, "chisq"])
  h <- basehaz(fit, centered = FALSE)
  if (is.null(h$strata)) h$strata <- "all"
  list(
    call = text, n = fit$n, deaths = fit$nevent, beta = I(unname(beta)),
    log_likelihood = fixed$loglik[2], score = I(unname(colSums(first_score))),
    information = unname(solve(naive(fixed))),
    coefficients = I(unname(coef(fit))), standard_errors = I(sqrt(diag(naive(fit)))), fitted_log_likelihood = fit$loglik[2],
    robust_variance = if (is.null(fit$naive.var)) NULL else fit$var,
    score_residuals = unname(score[c(1, 2, 7, fit$n), , drop = FALSE]),
    score_products = unname(crossprod(score * weights)),
    concordance = unname(colSums(rbind(count))),
    zph_columns = I(unname(vapply(fit$assign, length, 1L))),
    zph_identity = zph("identity"), zph_log = zph("log"),
    grid = grid,
    baseline = unname(t(vapply(split(h, h$strata), function(one) {
      c(0, one$hazard)[1 + findInterval(grid, one$time)]
    }, numeric(4))))
  )
}

json <- function(x) {
  if (is.null(x)) return("null")
  if (is.matrix(x)) return(paste0("[", paste(apply(x, 1, function(r) json(I(r))), collapse = ",\n    "), "]"))
  if (is.list(x)) return(paste0("{\n", paste0("  \"", names(x), "\": ", vapply(x, json, ""), collapse = ",\n"), "\n}"))
  if (is.character(x)) return(paste0("\"", gsub("\"", "\\\\\"", x), "\""))
  text <- sprintf("%.17g", x)
  if (length(x) == 1 && !inherits(x, "AsIs")) text else paste0("[", paste(text, collapse = ", "), "]")
}

found <- lapply(cases, describe)
session <- paste(R.version.string, "survival", packageVersion("survival"))
writeLines(json(c(session = session, found)), "tests/unit/cox/r_survival.json")
