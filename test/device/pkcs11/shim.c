/* A PKCS#11 module before SoftHSM2 that behaves as other tokens do; SHIM names how. For tests alone. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pkcs11.h"

static CK_FUNCTION_LIST real, shim;

static int is(const char *what) {
  const char *how = getenv("SHIM");
  return how != NULL && strcmp(how, what) == 0;
}

static CK_RV token_info(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info) {
  CK_RV rv = real.C_GetTokenInfo(slot, info);
  if (is("final-try")) info->flags |= CKF_USER_PIN_FINAL_TRY;
  if (is("locked")) info->flags |= CKF_USER_PIN_LOCKED;
  return rv;
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG size) {
  if (is("crash-in-login")) abort();
  if (is("hang-in-login")) for (;;) pause();
  return real.C_Login(session, user, pin, size);
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG size, CK_BYTE_PTR out, CK_ULONG_PTR out_size) {
  CK_RV rv;
  static int signatures = 0;
  int is_after_proof = ++signatures > 3;
  if (is_after_proof && is("crash-in-sign")) abort();
  if (is_after_proof && is("hang-in-sign")) for (;;) pause();
  if (is_after_proof && is("error-in-sign")) return CKR_DEVICE_ERROR;
  rv = real.C_Sign(session, data, size, out, out_size);
  if (is_after_proof && is("short-signature")) *out_size = 63;
  if (is_after_proof && is("long-signature")) *out_size = 72;
  return rv;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
  void *module = dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW);
  CK_FUNCTION_LIST_PTR found;
  CK_C_GetFunctionList get = module ? (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList") : NULL;
  if (get == NULL || get(&found) != CKR_OK) return CKR_GENERAL_ERROR;
  real = *found;
  shim = real;
  shim.C_GetTokenInfo = token_info;
  shim.C_Login = login;
  shim.C_Sign = sign;
  *list = &shim;
  return CKR_OK;
}
