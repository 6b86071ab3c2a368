# One ordinary convolution, then three pairs of a depthwise convolution and a 1 x 1 convolution, with batch
# normalisation after each. However the pairs are counted, there are four or more. The last 1 x 1
# convolution, pw_3, with 64 filters is visualised.
#
# /// label
# ///

# %% cnn
# inspired by MobileNet
def pair(h, filters, k):
    h = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name=f"dw_{k}")(h)
    h = layers.BatchNormalization(momentum=0.95)(h)
    h = layers.ReLU(max_value=6.0)(h)
    h = layers.Conv2D(filters, 1, use_bias=False, name=f"pw_{k}")(h)
    h = layers.BatchNormalization(momentum=0.95)(h)
    return layers.ReLU(max_value=6.0)(h)


inputs = layers.Input(shape=(28, 28, 1))
h = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu", name="conv2d")(inputs)
h = pair(h, 32, 1)
h = pair(h, 48, 2)
h = layers.MaxPooling2D()(h)
h = pair(h, 64, 3)
h = layers.Flatten()(h)
h = layers.Dropout(0.2)(h)
outputs = layers.Dense(10, activation="softmax")(h)
model = keras.Model(inputs, outputs, name="mini_mobile")
model.summary()

# %% train
model.compile(optimizer=keras.optimizers.Adam(2e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=8, validation_split=0.05, verbose=2)
print("held-out accuracy:", model.evaluate(x_test, y_test, verbose=0)[1])

# %% ascent
layer_name = "pw_3"
number_of_filters = 64
visualized_feature = []

head = keras.Model(inputs, model.get_layer(layer_name).output)


@tf.function
def activation_and_gradient(x, i):
    with tf.GradientTape() as tape:
        tape.watch(x)
        a = KTF.mean(head(x, training=False)[:, :, :, i])
    return a, tape.gradient(a, x)


for i in range(number_of_filters):
    x = KTF.variable(np.random.uniform(0, 1, (1, 28, 28, 1)))
    target = tf.constant(i)
    for n in range(gradient_updates):
        a, dx = activation_and_gradient(tf.identity(x), target)
        x.assign_add(step_size * normalize(dx))
    visualized_feature.append(x.numpy())

# %% plot
fig = plt.figure(figsize=(12, 12))
figure = fig

for i, x in enumerate(visualized_feature):
    panel = fig.add_subplot(8, 8, i + 1)
    panel.matshow(deprocess_image(x.copy())[0, :, :, 0], cmap="gray")
    panel.set_title(f"feature {i}", fontsize=9)
    panel.axis("off")

plt.tight_layout()
plt.show()
