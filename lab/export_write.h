/* export_write.h: one decided object as the elements of csexport.
 *
 * Shape      Deltas, holograms, state, links and errors, in the order of the product. Holograms carry
 *            further attributes until the object has about its share of bytes.
 * Source     formats 2.
 */
#ifndef LAB_EXPORT_WRITE_H
#define LAB_EXPORT_WRITE_H

#include "export_object.h"
#include "xml_out.h"

void export_object_write(struct xml_out *x, const struct export_recipe *r,
                         const struct export_object *o);

#endif
