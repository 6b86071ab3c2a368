# Appends grads, the normalised gradient of the last step, and not input_img. It looks much like the image
# and excites the filter somewhat, but it is one step and not the sum of fifty.
#
# /// label
# ascent = ["pass", "partial", "fail"]
# objective = ["pass", "partial"]
# updates = ["fail", "review", "pass"]
#
# [causes]
# ascent = "gradient_kept"
# objective = "gradient_kept"
# ///

# %% cnn
inputs = layers.Input(shape=(28, 28, 1))
x = layers.Conv2D(8, 3, activation="leaky_relu", padding="same", name="conv2d")(inputs)
x = layers.MaxPooling2D()(x)
x = layers.Conv2D(16, 3, activation="leaky_relu", padding="same", name="conv2d_1")(x)
x = layers.Conv2D(24, 3, activation="leaky_relu", padding="same", name="conv2d_2")(x)
x = layers.Conv2D(32, 3, activation="leaky_relu", padding="same", name="conv2d_3")(x)
x = layers.MaxPooling2D()(x)
x = layers.Flatten()(x)
x = layers.Dense(10, activation="softmax")(x)
model = keras.Model(inputs=inputs, outputs=x)

# %% train
opt = keras.optimizers.Adam()
model.compile(optimizer=opt, loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x=x_train, y=y_train, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

model_conv = keras.Model(inputs=inputs, outputs=model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform(shape=(1, 28, 28, 1), minval=0, maxval=1))
    losses = []
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model_conv(input_img)[:, :, :, filter_index])
        grads = tape.gradient(loss, input_img)
        grads = normalize(grads)
        input_img.assign_add(step_size * grads)
        losses.append(float(loss))
    visualized_feature.append(grads.numpy())

# %% plot
figure, axes = plt.subplots(4, 8, figsize=(12, 7))
for ax, (i, feature) in zip(axes.flat, enumerate(visualized_feature)):
    ax.imshow(np.squeeze(deprocess_image(feature.copy())), cmap="gray")
    ax.set_title(f"feature {i}")
    ax.axis("off")
plt.show()
