# Predictions and heterogeneity of v6_cox. From the root of the repository: Rscript tests/reference/cox_second.R
suppressMessages({library(survival); library(splines)})
source("tests/reference/common.R")
options(warn = 2)

exact <- coxph.control(eps = 1e-12, iter.max = 50, toler.inf = 1e-10, toler.chol = 1e-13)

# Survival of each profile at times; of each site where sites are strata.
survival_of <- function(fit, profiles, times, sites) {
  found <- lapply(seq_along(profiles), function(i) lapply(sites, function(s) {
    who <- as.data.frame(profiles[[i]])
    if (!is.null(s)) who$site <- s
    list(profile = i, organization_id = s,
      survival = I(as.numeric(summary(survfit(fit, newdata = who), times = times, extend = TRUE)$surv)))
  }))
  do.call(c, found)
}

# Cochran's Q about the weighted mean, I2, and DerSimonian & Laird's tau2
heterogeneity <- function(b, v) {
  w <- 1 / v
  q <- sum(w * (b - sum(w * b) / sum(w))^2)
  df <- length(b) - 1
  list(k = length(b), q = q, df = df, p_value = pchisq(q, df, lower.tail = FALSE), i2 = max(0, (q - df) / q),
    tau2 = max(0, (q - df) / (sum(w) - sum(w^2) / sum(w))))
}

case <- function(id, name, split, call, request, profiles, times, rename = character()) {
  data <- read(name)
  for (f in names(request$levels)) data[[f]] <- factor(data[[f]], request$levels[[f]])
  data$site <- site(name, split)
  common <- eval(call)
  own <- lapply(sort(unique(data$site)), function(s) {
    whole <- data
    data <- subset(whole, site == s)
    eval(call)
  })
  formula <- eval(call[[2]])
  formula[[3]] <- bquote(.(formula[[3]]) + strata(site))
  within <- call
  within[[2]] <- formula
  within <- eval(within)
  b <- sapply(own, coef)
  v <- sapply(own, function(fit) diag(vcov(fit)))
  if (!is.null(request$levels)) request$levels <- lapply(request$levels, I)
  list(id = id, data = name, splits = I(split), r_call = call_text(call), request = request,
    expected = list(
      profiles = profiles, times = I(times), terms = I(our_terms(names(coef(common)), names(request$levels), rename)),
      exact = survival_of(common, profiles, times, list(NULL)),
      site = survival_of(within, profiles, times, as.list(sort(unique(data$site)))),
      heterogeneity = lapply(seq_len(nrow(b)), function(i) heterogeneity(b[i, ], v[i, ]))
    ))
}

levels <- list(horTh = c("no", "yes"), tgrade = c("I", "II", "III"))
nodes <- "ns(pnodes, knots = c(3, 10), Boundary.knots = c(1, 30))"
ours <- "ns(pnodes, knots=[3, 10], lower=1, upper=30)"
cases <- list(
  # Levels, a spline that extrapolates, an interaction, changes of unit
  case("gbsg2_profiles", "gbsg2", "3",
    quote(coxph(Surv(time, cens) ~ horTh * tsize + ns(pnodes, knots = c(3, 10), Boundary.knots = c(1, 30)) +
      log(age) + I((estrec + 1) / 100), data, control = exact)),
    list(time = "time", event = "cens", levels = levels["horTh"],
      formula = paste("horTh * tsize +", ours, "+ log(age) + I(estrec/100 + 1/100)")),
    list(list(horTh = "yes", tsize = 30, pnodes = 5, age = 62, estrec = 40),
      list(horTh = "no", tsize = 12.5, pnodes = 45, age = 35, estrec = 0)), c(500, 1000, 1500, 2000),
    setNames(c(ours, "I(estrec / 100 + 1 / 100)"), c(nodes, "I((estrec + 1)/100)"))),
  case("rossi_profiles", "rossi", "3",
    quote(coxph(Surv(week, arrest) ~ fin + age + prio, data, weights = w, ties = "breslow", robust = FALSE,
      control = exact)),
    list(time = "week", event = "arrest", formula = "fin + age + prio", weights = "w", ties = "breslow"),
    list(list(fin = 1, age = 20, prio = 6), list(fin = 0, age = 44, prio = 0)), c(10, 20, 30, 40, 50))
)

save(cases, "cox_second")
