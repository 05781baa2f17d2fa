# Errors over clusters with G / (G - 1), and tests beside sites' intercepts. From the root: Rscript tests/reference/clusters.R
suppressMessages({library(survival); library(sandwich)})
source("tests/reference/common.R")
options(warn = 2)

exact <- coxph.control(eps = 1e-12, iter.max = 50, toler.inf = 1e-6, toler.chol = 1e-13)
tight <- glm.control(epsilon = 1e-14, maxit = 50)
data <- read("colon")
splits <- c("1", "3", "5")
errors <- function(fit, type, keep = TRUE) {
  v <- vcovCL(fit, cluster = data$id[keep], type = type, cadjust = TRUE)
  I(unname(sqrt(diag(v))))
}

keep <- !is.na(data$nodes)
logistic <- glm(status ~ age + nodes, binomial, data, control = tight)
cox <- function(formula) errors(coxph(formula, data[keep, ], control = exact), "HC0", keep)
site_cox <- function(split) {
  data$site <<- site("colon", split)
  if (split == "1") return(cox(Surv(time, status) ~ age + nodes))
  cox(Surv(time, status) ~ age + nodes + strata(site))
}
case <- function(id, request, expected) {
  list(id = id, data = "colon", splits = I(splits), r_call = "vcovCL(fit, cluster = id, cadjust = TRUE)",
    request = request, expected = expected)
}

# anova(glm(y ~ site), glm(y ~ site + x)); with weights too. "5" has a site without events: five by id instead
ratio <- function(split, w) {
  data$site <- factor(if (split == "5") data$id %% 5 else site("colon", split))
  data$w <- w
  left <- if (split == "1") status ~ 1 else status ~ site
  null <- suppressWarnings(glm(left, binomial, data[keep, ], weights = w, control = tight))
  full <- suppressWarnings(glm(update(left, ~ . + age + nodes), binomial, data[keep, ], weights = w, control = tight))
  test <- anova(null, full, test = "LRT")
  list(lr_statistic = test$Deviance[2], lr_df = test$Df[2], lr_p_value = test$`Pr(>Chi)`[2],
    null_deviance = suppressWarnings(glm(status ~ 1, binomial, data[keep, ], weights = w, control = tight))$deviance)
}

save(list(
  case("logistic_HC0", list(robust = "HC0"), list(robust_se = errors(logistic, "HC0", keep))),
  case("logistic_HC1", list(robust = "HC1"), list(robust_se = errors(logistic, "HC1", keep))),
  case("cox", setNames(list(), character()), list(exact = cox(Surv(time, status) ~ age + nodes),
    site = sapply(splits, site_cox, simplify = FALSE))),
  case("ratio", setNames(list(), character()), sapply(splits, ratio, w = rep(1, nrow(data)), simplify = FALSE)),
  case("ratio_weights", list(weights = "w"), sapply(splits, ratio, w = 1 + data$age / 64, simplify = FALSE))
), "clusters")
