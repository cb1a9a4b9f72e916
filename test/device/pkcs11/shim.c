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

static CK_RV generate(CK_SESSION_HANDLE session, CK_MECHANISM_PTR how, CK_ATTRIBUTE_PTR pub, CK_ULONG pub_size,
                      CK_ATTRIBUTE_PTR priv, CK_ULONG priv_size, CK_OBJECT_HANDLE_PTR pub_key, CK_OBJECT_HANDLE_PTR priv_key) {
  CK_RV rv;
  CK_ULONG i;
  for (i = 0; i < priv_size; i++)
    if ((is("readable") || is("readable-for-good")) && priv[i].type == CKA_EXTRACTABLE) *(CK_BBOOL *)priv[i].pValue = CK_TRUE;
  rv = real.C_GenerateKeyPair(session, how, pub, pub_size, priv, priv_size, pub_key, priv_key);
  if (is("full") || is("crash-after-public")) real.C_DestroyObject(session, *priv_key);
  if (is("crash-after-private")) real.C_DestroyObject(session, *pub_key);
  if (is("crash-after-public") || is("crash-after-private") || is("crash-after-pair")) abort();
  return is("full") ? CKR_DEVICE_MEMORY : rv;
}

static CK_RV destroy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) {
  return is("readable-for-good") ? CKR_FUNCTION_FAILED : real.C_DestroyObject(session, object);
}

static CK_RV set_attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR list, CK_ULONG size) {
  if (is("fixed-labels")) return CKR_ATTRIBUTE_READ_ONLY;
  if (is("prohibited-labels")) return 0x1b; /* CKR_ACTION_PROHIBITED, since 2.40 */
  return real.C_SetAttributeValue(session, object, list, size);
}

static CK_RV get_attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR list, CK_ULONG size) {
  if (is("vague-point") && size == 1 && list->type == CKA_EC_POINT) return CKR_DEVICE_ERROR;
  return real.C_GetAttributeValue(session, object, list, size);
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
  shim.C_GenerateKeyPair = generate;
  shim.C_DestroyObject = destroy;
  shim.C_SetAttributeValue = set_attribute;
  shim.C_GetAttributeValue = get_attribute;
  *list = &shim;
  return CKR_OK;
}
