# All images in one batch, but with the sum over all images and all channels as the objective: each image
# follows the gradient of all 64 filters together, not of its own. Normalised image by image, fifty steps
# of size 1.
#
# /// label
# objective = "fail"
# ascent = ["pass", "partial"]
#
# [feedback_mentions]
# objective = ["filter"]
#
# [causes]
# objective = "whole_layer"
# ///

# %% cnn
same = {"padding": "same", "activation": "relu"}
img = layers.Input(shape=(28, 28, 1))
c0 = layers.Conv2D(8, 5, name="conv2d", **same)(img)
c1 = layers.Conv2D(16, 3, name="conv2d_1", **same)(layers.MaxPooling2D()(c0))
c2 = layers.Conv2D(16, 3, name="conv2d_2", **same)(c1)
c3 = layers.Conv2D(64, 3, name="conv2d_3", **same)(c2)
p = layers.Dense(10, activation="softmax")(layers.Flatten()(layers.MaxPooling2D()(c3)))
model = keras.Model(img, p)

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2)
print(results.history)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64

F = keras.Model(img, model.get_layer(layer_name).output)
X = tf.random.uniform((number_of_filters, 28, 28, 1))


def g_normalized(X):
    with tf.GradientTape() as tape:
        tape.watch(X)
        a = tf.reduce_mean(F(X), axis=(1, 2))  # mean over h, w
        total = tf.reduce_sum(a)  # the images are independent, so the gradients do not mix
    g = tape.gradient(total, X)
    return g / (tf.sqrt(tf.reduce_mean(g**2, axis=(1, 2, 3), keepdims=True)) + 1e-7)


for update in range(gradient_updates):
    X = X + step_size * g_normalized(X)

visualized_feature = list(X.numpy())

# %% plot
figure, ax = plt.subplots(8, 8, figsize=(11, 12))
for i in range(8):
    for j in range(8):
        n = 8 * i + j
        ax[i, j].imshow(deprocess_image(visualized_feature[n].copy()).squeeze(), cmap="gray")
        ax[i, j].set(title=f"feature {n}", xticks=[], yticks=[])
plt.tight_layout()
plt.show()
