# Writes img = step_size * grads where img += step_size * grads was meant: every step throws the image away and goes on
# with the normalized gradient at it. Loss, filter and number of steps are right.
#
# /// label
# updates = ["fail", "partial"]
# ascent = ["pass", "partial", "fail"]
# objective = ["pass", "partial", "fail"]
#
# [causes]
# updates = "image_overwritten"
# ascent = ["image_overwritten", "gradient_kept"]
# objective = ["image_overwritten", "gradient_kept"]
# ///

# %% cnn
inp = layers.Input((28, 28, 1))
x = layers.Conv2D(16, 5, strides=2, padding="same", activation="elu", name="conv2d")(inp)
x = layers.Conv2D(16, 3, padding="same", activation="elu", name="conv2d_1")(x)
x = layers.Conv2D(32, 3, padding="same", activation="elu", name="conv2d_2")(x)
x = layers.Conv2D(32, 3, padding="same", activation="elu", name="conv2d_3")(x)
x = layers.AveragePooling2D(2)(x)
x = layers.Flatten()(x)
x = layers.Dropout(0.2)(x)
out = layers.Dense(10, activation="softmax")(x)
model = keras.Model(inp, out)

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=5, batch_size=25, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

act = keras.Model(inp, model.get_layer(layer_name).output)

for k in range(number_of_filters):
    img = tf.random.uniform((1, 28, 28, 1))
    for n in range(gradient_updates):
        with tf.GradientTape() as t:
            t.watch(img)
            L = tf.reduce_mean(act(img)[..., k])
        grads = normalize(t.gradient(L, img))
        img = step_size * grads  # gradient ascent
    visualized_feature.append(img.numpy())

# %% plot
figure, ax = plt.subplots(4, 8, figsize=(14, 7))
ax = ax.ravel()
for k in range(number_of_filters):
    ax[k].imshow(deprocess_image(visualized_feature[k].copy()).squeeze(), cmap="gray")
    ax[k].set_title(f"feature {k}")
    ax[k].axis("off")
plt.show()
